"""Which server a token in a form is of: no other one is to get it. Pure."""

from heyho import texts


class Token:
    """The last token that a page knows to be a server's, for as long as the page lives."""

    def __init__(self) -> None:
        self.address = ""
        self.token = ""
        # Whether it was taken out of the form, and is to come back with its address.
        self.withheld = False

    def know(self, address: str, token: str, typed: str) -> None:
        """Take whose a token is; `typed` stands in its field."""
        if token:
            self.address, self.token = address, token
            self.withheld = self.withheld and typed != token

    def meet(self, address: str, typed: str) -> str:
        """What has to stand in the token's field once this address stands in its own: nothing
        while it is another server's; the token again when that was a mistake."""
        elsewhere = self._is_elsewhere(address)
        if elsewhere and self._is_typed(typed) and host(self.address):
            self.withheld = True
            return ""
        if self.withheld and not elsewhere and not typed:
            self.withheld = False
            return self.token
        return typed

    def note(self, address: str, typed: str) -> str:
        """What to say of the token beside this address; empty where there is nothing. Nobody can
        tell whose it is where no address was stored."""
        if self.withheld and not typed:
            return texts.text("options_token_withheld", host(self.address))
        if self._is_elsewhere(address) and self._is_typed(typed):
            return texts.text("options_token_left")
        return ""

    def _is_typed(self, typed: str) -> bool:
        return bool(self.token) and typed.strip() == self.token

    def _is_elsewhere(self, address: str) -> bool:
        return bool(host(address)) and host(address) != host(self.address)


def host(address: str) -> str:
    """The host of an address as it was typed, without its port; empty where there is none."""
    place = address.strip().lower().split("://", 1)[-1]
    for end in "/?#":
        place = place.split(end)[0]
    place = place.split("@")[-1]
    return place.split("]")[0] if place.startswith("[") else place.split(":")[0]
