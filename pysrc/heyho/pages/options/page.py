"""The options page: the person's settings."""

import js

from heyho import texts
from heyho.pages import bridge, connection, pairing, tokens, web
from heyho.pages.options import form, privacy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from heyho.pages.shapes import Json


class Options:
    """The form, and what of it is stored."""

    def __init__(self) -> None:
        self.stored: "dict[str, str]" = {}
        self.saving = False
        self.checking = False
        self.token = tokens.Token()

    async def open(self) -> None:
        """Fill the form with what is stored, and let the person change it."""
        try:
            settings = await bridge.read_state("settings") or {}
        except bridge.Failure:
            bridge.mark("trouble")
            bridge.write("message", texts.text("options_unreadable"))
            return
        self.fill(settings)
        privacy.Privacy(settings, self.unsaved)
        bridge.on(bridge.find("form"), "submit", self.save)
        bridge.on(bridge.find("form"), "input", self.compare)
        bridge.on(bridge.find("serverUrl"), "input", self.withhold_token)
        bridge.on(bridge.find("show-token"), "click", self.toggle_token)
        bridge.on(bridge.find("pair"), "click", self.pair)
        bridge.on(bridge.find("check"), "click", self.check)
        js.window.addEventListener("beforeunload", self.ask_to_stay)
        bridge.find("fields").disabled = False
        bridge.find("save").disabled = False
        bridge.ready()

    def fill(self, settings: "Json") -> None:
        """Show stored settings."""
        for name in form.FIELDS:
            bridge.find(name).value = form.to_text(settings, name)
        self.stored = typed()
        self.know_token()
        show_unused()

    def save(self) -> None:
        """Hand the form to the engine; its word on each field is shown beside the field.

        A pairing code that was entered is used: whoever presses Enter there means that.
        """
        if pairing_code():
            self.pair()
        elif not self.saving:
            self.saving = True
            bridge.mark("busy")
            bridge.write("message", texts.text("options_saving"))
            bridge.start(self.request_save(typed()))

    async def request_save(self, sent: "dict[str, str]", done: str = "") -> None:
        """Have the engine store what was typed, and show what it says."""
        reply = await store(sent, self.stored)
        self.saving = False
        if not reply["ok"]:
            self.say_of_token()
            return
        bridge.mark("calm")
        bridge.write("message", done or texts.text("options_saved"))
        self.take(reply["settings"], sent)
        self.say_of_token()
        if self.unsaved():
            self.compare()

    def take(self, settings: "Json", sent: "dict[str, str]") -> None:
        """Show what was stored of what was sent; what has been typed since then stays."""
        for name in form.FIELDS:
            field = bridge.find(name)
            if str(field.value) == sent[name]:
                field.value = form.to_text(settings, name)
                self.stored[name] = str(field.value)
            elif name in form.LISTS:
                self.stored[name] = sent[name]  # lines that others have added are not shown
            else:
                self.stored[name] = form.to_text(settings, name)
        self.know_token()
        show_unused()

    def pair(self) -> None:
        """Get a token for the pairing code, and store it."""
        if not self.saving:
            self.saving = True
            bridge.mark("busy")
            bridge.write("message", texts.text("options_pairing_now"))
            bridge.start(self.request_pair(typed(), pairing_code()))

    async def request_pair(self, sent: "dict[str, str]", code: str) -> None:
        """Have the server give a token for the code, or say why it does not."""
        problem = pairing.missing(sent["serverUrl"], code)
        if not problem:
            settled = await self.settle(sent)
            if not settled:
                self.saving = False
                return
            sent = settled
            try:
                status, answer = await bridge.post(f"{sent['serverUrl']}/pair", {"code": code})
            except bridge.Failure:
                status, answer = 0, None
            problem = pairing.trouble(status, answer)
        bridge.write("pairing-problem", problem)
        bridge.find("pairing").setAttribute("aria-invalid", "true" if problem else "false")
        if problem:
            self.saving = False
            bridge.mark("trouble")
            bridge.write("message", texts.text("options_not_paired"))
            bridge.find("pairing").focus()
            return
        if pairing_code() == code:
            bridge.find("pairing").value = ""
        if all(typed()[name] == sent[name] for name in form.TOGETHER):
            bridge.find("token").value = answer["token"]
        paired = dict(sent)
        paired["token"] = answer["token"]
        await self.request_save(paired, texts.text("options_paired"))

    async def settle(self, sent: "dict[str, str]") -> "dict[str, str]":
        """What was sent, with the API's base as its address; empty if something cannot be stored.

        Nothing is, before the server has given a token: the old one may be the only one there is.
        """
        reply = await store(sent, self.stored, dry=True)
        self.say_of_token()
        if not reply["ok"]:
            return {}
        settled = dict(sent)
        settled["serverUrl"] = str(reply["settings"]["serverUrl"])
        if bridge.find("serverUrl").value == sent["serverUrl"]:
            bridge.find("serverUrl").value = settled["serverUrl"]
        return settled

    def compare(self) -> None:
        """Say whether something typed is not saved yet."""
        show_unused()
        forgive(str(js.document.activeElement.id))
        self.say_unsaved()

    def unsaved(self) -> str:
        """That something typed is not saved yet; empty if all of it is."""
        return texts.text("options_unsaved") if typed() != self.stored else ""

    def say_unsaved(self) -> None:
        if not self.saving:
            bridge.mark("calm")
            said = self.unsaved()
            bridge.write("message", f"{self.note()} {said}".strip() if said else "")

    def ask_to_stay(self, event: "Any") -> None:
        """Have the browser ask before it closes a page with something that is not saved."""
        if self.unsaved():
            event.preventDefault()

    def check(self) -> None:
        """Test the connection with what stands in the form."""
        if not self.checking:
            self.checking = True
            show_verdict("busy", [texts.text("options_checking")])
            bridge.start(self.request_check(typed()))

    async def request_check(self, sent: "dict[str, str]") -> None:
        """Have the engine read the address, ask the server, and show what came out."""
        verdict = await check(sent["serverUrl"], sent["token"])
        show_verdict(verdict.tone, verdict.lines)
        self.checking = False

    def know_token(self) -> None:
        """Take whose the stored token is."""
        self.token.know(self.stored["serverUrl"], self.stored["token"], typed()["token"])

    def withhold_token(self) -> None:
        """Take the token out of the form while the address of another server stands there; put it
        back when that was a mistake."""
        field = bridge.find("token")
        field.value = self.token.meet(typed()["serverUrl"], str(field.value))
        self.say_of_token()
        self.say_unsaved()

    def note(self) -> str:
        """What to say of the token beside the address that stands in the form."""
        return self.token.note(typed()["serverUrl"], typed()["token"])

    def say_of_token(self) -> None:
        """Say so below the token, unless it says what is wrong with it."""
        if bridge.find("token").getAttribute("aria-invalid") != "true":
            bridge.write("token-problem", self.note())

    def toggle_token(self) -> None:
        """Show the token, or hide it."""
        field, button = bridge.find("token"), bridge.find("show-token")
        hidden = field.type == "password"
        field.type = "text" if hidden else "password"
        button.setAttribute("aria-pressed", "true" if hidden else "false")


async def check(address: str, token: str) -> "connection.Verdict":
    """Test a connection to what was typed."""
    if not address.strip():
        return connection.Verdict("trouble", texts.text("options_pair_address"))
    entered = {"serverUrl": address, "token": token}
    reply = await bridge.ask({"kind": "settings", "settings": entered, "dryRun": True})
    if not reply["ok"]:
        return connection.Verdict("fault", reply["error"])
    read = reply["settings"]
    return await connection.examine(read["serverUrl"], read["token"], web.Web())


def show_verdict(tone: str, lines: "list[str]") -> None:
    """Show how the test of the connection went."""
    box = bridge.find("verdict")
    box.dataset.tone = tone
    box.replaceChildren()
    for line in lines:
        box.append(privacy.make("p", "", line))
    box.hidden = False


def show_unused() -> None:
    """Say of which fields nothing depends under the strategy that stands in the form."""
    for name, said in form.unused(str(bridge.find("strategy").value)).items():
        bridge.write(f"{name}-unused", said)


async def store(sent: "dict[str, str]", shown: "dict[str, str]", *, dry: bool = False) -> "Json":
    """Have the engine store what was changed, or only look at it; show what it finds wrong."""
    reply = await request_storing(sent, shown, dry=dry)
    problems = {} if reply["ok"] else reply.get("problems") or {}
    show_problems(problems)
    if not reply["ok"]:
        bridge.mark("trouble")
        bridge.write("message", form.refusal(problems) or reply["error"])
    return reply


async def request_storing(sent: "dict[str, str]", shown: "dict[str, str]", *, dry: bool) -> "Json":
    """Have the engine store what was changed; nothing where that cannot be told. A dry run is for
    pairing: the address is the one that the person sees, and the token is yet to come."""
    try:
        current = await bridge.read_state("settings") or {}
    except bridge.Failure:
        return {"ok": False, "error": texts.text("error_no_answer")}
    changed = form.changes(sent, shown, current)
    if dry:
        changed["serverUrl"], changed["token"] = sent["serverUrl"], ""
    return await bridge.ask({"kind": "settings", "settings": changed, "dryRun": dry})


def pairing_code() -> str:
    """The pairing code that stands in its field."""
    return str(bridge.find("pairing").value).strip()


def typed() -> "dict[str, str]":
    """What stands in the form."""
    return {name: str(bridge.find(name).value) for name in form.FIELDS}


def forgive(name: str) -> None:
    """Take back what was wrong with a field: it has another value now."""
    if name in form.FIELDS or name == "pairing":
        bridge.write(f"{name}-problem", "")
        bridge.find(name).setAttribute("aria-invalid", "false")


def show_problems(problems: "dict[str, str]") -> None:
    """Say beside each field what is wrong with it, and go to the first such field."""
    for name in form.FIELDS:
        bridge.write(f"{name}-problem", problems.get(name, ""))
        bridge.find(name).setAttribute("aria-invalid", "true" if name in problems else "false")
    for name in form.FIELDS:
        if name in problems:
            bridge.find(name).focus()
            return


bridge.start(Options().open())
