"""The first run: what is recorded, a server or none, and the history that is there already."""

import js

from heyho import texts
from heyho.pages import bridge, connection, pairing, web
from heyho.pages.welcome import steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Json

FIELDS = ("serverUrl", "pairing", "token")


class Welcome:
    """The steps, one at a time."""

    def __init__(self) -> None:
        self.busy = False

    async def open(self) -> None:
        """Show the step of the address, and let the person go on."""
        bridge.on(js.window, "hashchange", self.turn)
        bridge.on(bridge.find("form"), "submit", self.connect)
        bridge.find("connect").disabled = False
        self.show()
        bridge.ready()

    def turn(self) -> None:
        """Go to another step; the focus goes along."""
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

    def connect(self) -> None:
        """Connect to the server that was named."""
        if not self.busy:
            self.busy = True
            for name in FIELDS:
                show_problem(name, "")
            show_verdict("busy", [texts.text("options_checking")])
            bridge.start(self.request_connection())

    async def request_connection(self) -> None:
        """Ask the server, and store it where all is well. Nothing is stored before that."""
        typed = {name: str(bridge.find(name).value).strip() for name in FIELDS}
        verdict = await self.try_out(typed)
        self.busy = False
        if verdict is None:
            bridge.show("verdict", False)
        elif verdict.tone != "calm":
            show_verdict(verdict.tone, verdict.lines)
        else:
            bridge.show("verdict", False)
            bridge.write("connected", " ".join(verdict.lines[:2]))
            bridge.show("connected", True)
            js.location.hash = "import"

    async def try_out(self, typed: "dict[str, str]") -> "connection.Verdict | None":
        """How it went with what was typed; None where a field says what is wrong with it."""
        if not typed["serverUrl"]:
            self.refuse("serverUrl", texts.text("options_pair_address"))
            return None
        if not typed["pairing"] and not typed["token"]:
            self.refuse("pairing", texts.text("welcome_code_or_token"))
            return None
        entered = {"serverUrl": typed["serverUrl"], "token": typed["token"]}
        reply = await bridge.ask({"kind": "settings", "settings": entered, "dryRun": True})
        if not reply["ok"]:
            return self.refuse_all(reply)
        base = reply["settings"]["serverUrl"]
        if typed["pairing"]:
            problem = await self.pair(base, typed["pairing"])
            if problem:
                self.refuse("pairing", problem)
                return None
        token = str(bridge.find("token").value).strip()
        verdict = await connection.examine(base, token, web.Web())
        if verdict.tone == "calm":
            settings = {"serverUrl": base, "token": token}
            reply = await bridge.ask({"kind": "settings", "settings": settings})
            if not reply["ok"]:
                return self.refuse_all(reply)
        return verdict

    async def pair(self, base: str, code: str) -> str:
        """Get a token for the code, into the token's field; else say why there is none."""
        try:
            status, answer = await bridge.post(f"{base}/pair", {"code": code})
        except bridge.Failure:
            status, answer = 0, None
        problem = pairing.trouble(status, answer)
        if not problem:
            bridge.find("token").value = answer["token"]
            bridge.find("pairing").value = ""
        return problem

    def refuse(self, name: str, problem: str) -> None:
        """Say beside a field what is wrong with it, and go there."""
        show_problem(name, problem)
        bridge.find(name).focus()

    def refuse_all(self, reply: "Json") -> "connection.Verdict | None":
        """Say what the engine finds wrong."""
        problems = reply.get("problems") or {}
        for name in FIELDS:
            if name in problems:
                self.refuse(name, problems[name])
                return None
        return connection.Verdict("fault", reply["error"])


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
