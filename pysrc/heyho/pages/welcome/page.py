"""The first run: what is recorded, a server or none, and the history that is there already."""

import js

from heyho import texts
from heyho.pages import bridge, connection, pairing, tokens, web
from heyho.pages.welcome import steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from heyho.pages.shapes import Json

FIELDS = ("serverUrl", "pairing", "token")


class Welcome:
    """The steps, one at a time."""

    def __init__(self) -> None:
        self.busy = False
        self.token = tokens.Token()
        # How many times the person went to another step: what was begun before is given up then.
        self.turns = 0

    async def open(self) -> None:
        """Show the step of the address, and let the person go on."""
        bridge.on(js.window, "hashchange", self.turn)
        bridge.on(bridge.find("form"), "submit", self.connect)
        bridge.on(bridge.find("serverUrl"), "input", self.withhold_token)
        bridge.find("connect").disabled = False
        self.show()
        bridge.ready()

    def turn(self) -> None:
        """Go to another step; the focus goes along."""
        self.turns += 1
        self.busy = False
        bridge.show("verdict", False)
        self.show()
        bridge.find(f"{steps.read(str(js.location.hash))}-heading").focus()

    def show(self) -> None:
        """Show the step of the address."""
        step = steps.read(str(js.location.hash))
        for name in steps.STEPS:
            bridge.show(f"step-{name}", name == step)
        bridge.write("progress", steps.progress(step))
        marks = js.document.querySelectorAll(".dots li")
        for at, mark in enumerate(steps.dots(step)):
            marks[at].className = mark
        js.scrollTo(0, 0)

    def withhold_token(self) -> None:
        """Take the token of a server out of the form while the address of another one stands
        there."""
        address, field = str(bridge.find("serverUrl").value), bridge.find("token")
        before = str(field.value)
        field.value = self.token.meet(address, before)
        if field.value != before:
            show_problem("token", "")
            bridge.write("token-problem", self.token.note(address, str(field.value)))

    def know_token(self, base: str, token: str) -> None:
        """Take that a server has given, or accepted, a token."""
        self.token.know(base, token, str(bridge.find("token").value))
        self.withhold_token()  # the address may be another one's by now

    def connect(self) -> None:
        """Connect to the server that was named."""
        if not self.busy:
            self.busy = True
            for name in FIELDS:
                show_problem(name, "")
            show_verdict("busy", [texts.text("options_checking")])
            typed = {name: str(bridge.find(name).value).strip() for name in FIELDS}
            bridge.start(self.request_connection(typed))

    async def request_connection(self, typed: "dict[str, str]") -> None:
        """Ask the server, and store it where all is well. Nothing is stored before that, or once
        the person has gone to another step."""
        begun = self.turns

        def is_left() -> bool:
            return self.turns != begun or steps.read(str(js.location.hash)) != "server"

        problems, verdict = await self.try_out(typed, is_left)
        if is_left():
            return
        self.busy = False
        for name in [name for name in FIELDS if name in problems][:1]:
            refuse(name, problems[name])
        if verdict is None:
            bridge.show("verdict", False)
        elif verdict.tone != "calm":
            show_verdict(verdict.tone, verdict.lines)
        else:
            bridge.show("verdict", False)
            bridge.write("connected", " ".join(verdict.lines[:2]))
            bridge.show("connected", True)
            js.location.hash = "import"

    async def try_out(
        self, typed: "dict[str, str]", is_left: "Callable[[], bool]"
    ) -> "tuple[dict[str, str], connection.Verdict | None]":
        """How it went with what was typed: what is wrong with fields, or the verdict."""
        if not typed["serverUrl"]:
            return {"serverUrl": texts.text("options_pair_address")}, None
        if not typed["pairing"] and not typed["token"]:
            return {"pairing": texts.text("welcome_code_or_token")}, None
        token = typed["token"]
        entered = {"serverUrl": typed["serverUrl"], "token": token}
        reply = await bridge.ask({"kind": "settings", "settings": entered, "dryRun": True})
        if not reply["ok"]:
            return refused(reply)
        base = reply["settings"]["serverUrl"]
        if typed["pairing"] and not is_left():
            problem, token = await pair(base, typed)
            if problem:
                return {"pairing": problem}, None
            self.know_token(base, token)
        verdict = await connection.examine(base, token, web.Web())
        if verdict.tone == "calm":
            self.know_token(base, token)
        if verdict.tone == "calm" and not is_left():
            settings = {"serverUrl": base, "token": token}
            reply = await bridge.ask({"kind": "settings", "settings": settings})
            if not reply["ok"]:
                return refused(reply)
        return {}, verdict


async def pair(base: str, typed: "dict[str, str]") -> "tuple[str, str]":
    """Why there is no token for the code, empty if there is one; and the token, which goes into
    its field too, if that still is the one of this server."""
    try:
        status, answer = await bridge.post(f"{base}/pair", {"code": typed["pairing"]})
    except bridge.Failure:
        status, answer = 0, None
    problem = pairing.trouble(status, answer)
    if problem:
        return problem, ""
    if all(str(bridge.find(name).value).strip() == typed[name] for name in FIELDS):
        bridge.find("token").value = answer["token"]
        bridge.find("pairing").value = ""
    return "", str(answer["token"])


def refused(reply: "Json") -> "tuple[dict[str, str], connection.Verdict | None]":
    """What the engine finds wrong: with the fields, or else altogether."""
    problems = reply.get("problems") or {}
    if any(name in problems for name in FIELDS):
        return problems, None
    return {}, connection.Verdict("fault", reply["error"])


def refuse(name: str, problem: str) -> None:
    """Say beside a field what is wrong with it, and go there."""
    show_problem(name, problem)
    bridge.find(name).focus()


def show_problem(name: str, problem: str) -> None:
    """Write what is wrong with a field; nothing where it is right."""
    bridge.write(f"{name}-problem", problem)
    bridge.find(name).setAttribute("aria-invalid", "true" if problem else "false")


def show_verdict(tone: str, lines: "list[str]") -> None:
    """Show how the connection went."""
    box = bridge.find("verdict")
    box.dataset.tone = tone
    box.replaceChildren()
    for line in lines:
        sentence = js.document.createElement("p")
        sentence.textContent = line
        box.append(sentence)
    box.hidden = False


bridge.start(Welcome().open())
