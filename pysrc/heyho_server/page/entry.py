"""The page on which a person signs in."""

from __future__ import annotations

from markupsafe import Markup

from heyho_server.page.layout import page

_FORM = Markup(
    """<section class="card entry">
<h2>Sign in</h2>
{problem}
<form method="post" action="/sign-in">
<label>Email
<input name="email" type="email" autocomplete="username" maxlength="254" required
value="{email}"></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" maxlength="1024" required>
</label>
<button class="main">Sign in</button>
</form>
<details{open}><summary>Use a device's token instead</summary>
<form method="post" action="/sign-in">
<label>Token
<input name="token" type="password" autocomplete="off" maxlength="512" required></label>
<button>Sign in with it</button>
</form>
</details>
</section>"""
)


def entry_page(problem: str | None = None, *, email: str = "", by_token: bool = False) -> str:
    """The page, as HTML; `problem` is why the last attempt did not do, by this address."""
    told = Markup('<p class="problem" role="alert">{}</p>').format(problem) if problem else ""
    shown = _FORM.format(problem=told, email=email, open=Markup(" open") if by_token else "")
    return page("Sign in to Heyho", shown)
