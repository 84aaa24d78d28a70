"""The options page: the person's settings."""

from heyho.pages import bridge, form

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Json


class Options:
    """The form, and what of it is stored."""

    def __init__(self) -> None:
        self.stored: "dict[str, str]" = {}
        self.saving = False

    async def open(self) -> None:
        """Fill the form with what is stored, and let the person change it."""
        try:
            self.fill(await bridge.read_state("settings") or {})
        except bridge.Failure:
            bridge.mark("trouble")
            bridge.write("message", "Your settings could not be read. Open this page once more.")
            return
        bridge.on(bridge.find("form"), "submit", self.save)
        bridge.on(bridge.find("form"), "input", self.compare)
        bridge.on(bridge.find("show-token"), "click", self.toggle_token)
        bridge.find("fields").disabled = False
        bridge.find("save").disabled = False
        bridge.ready()

    def fill(self, settings: "Json") -> None:
        """Show stored settings."""
        for name in form.FIELDS:
            bridge.find(name).value = form.to_text(settings, name)
        self.stored = typed()

    def save(self) -> None:
        """Hand the form to the engine; its word on each field is shown beside the field."""
        if not self.saving:
            self.saving = True
            bridge.mark("busy")
            bridge.write("message", "Saving.")
            bridge.start(self.request_save(typed()))

    async def request_save(self, sent: "dict[str, str]") -> None:
        """Have the engine store what was typed, and show what it says."""
        reply = await bridge.ask({"kind": "settings", "settings": form.to_settings(sent)})
        self.saving = False
        problems = {} if reply["ok"] else reply.get("problems") or {}
        show_problems(problems)
        if not reply["ok"]:
            bridge.mark("trouble")
            bridge.write("message", form.refusal(problems) or reply["error"])
            return
        bridge.mark("calm")
        bridge.write("message", "Saved.")
        if typed() == sent:
            self.fill(reply["settings"])
        else:
            self.stored = sent
            self.compare()

    def compare(self) -> None:
        """Say whether something typed is not saved yet."""
        if not self.saving:
            bridge.mark("calm")
            bridge.write("message", "" if typed() == self.stored else "Not saved yet.")

    def toggle_token(self) -> None:
        """Show the token, or hide it."""
        field, button = bridge.find("token"), bridge.find("show-token")
        hidden = field.type == "password"
        field.type = "text" if hidden else "password"
        button.setAttribute("aria-pressed", "true" if hidden else "false")


def typed() -> "dict[str, str]":
    """What stands in the form."""
    return {name: str(bridge.find(name).value) for name in form.FIELDS}


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
