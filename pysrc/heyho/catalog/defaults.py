"""The rules that Heyho brings along: what kind of page well-known sites have.

The more exact rule counts, so a path's rule comes before that of its site, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator

_SITES = {
    "work_code_review": """
        github.com/*/pull/ github.com/*/pulls github.com/pulls github.com/*/compare/
        gitlab.com/*/merge_requests bitbucket.org/*/pull-requests codeberg.org/*/pulls
        dev.azure.com/*/pullrequest reviewable.io gerrit-review.googlesource.com
        chromium-review.googlesource.com phabricator.services.mozilla.com reviews.llvm.org
    """,
    "work_coding": """
        github.com gist.github.com gitlab.com bitbucket.org codeberg.org sr.ht dev.azure.com
        sourceforge.net localhost 127.0.0.1 codepen.io codesandbox.io stackblitz.com replit.com
        jsfiddle.net glitch.com colab.research.google.com kaggle.com huggingface.co vercel.com
        netlify.com console.aws.amazon.com console.cloud.google.com portal.azure.com
        sentry.io circleci.com app.travis-ci.com hub.docker.com pypi.org npmjs.com crates.io
        regex101.com godbolt.org leetcode.com hackerrank.com
    """,
    "work_communication": """
        mail.google.com outlook.live.com outlook.office.com outlook.office365.com mail.yahoo.com
        mail.proton.me app.fastmail.com web.de gmx.net gmx.com app.slack.com slack.com
        teams.microsoft.com teams.live.com meet.google.com chat.google.com zoom.us
        calendar.google.com app.element.io meet.jit.si whereby.com webex.com
    """,
    "work_documentation": """
        docs.google.com/document drive.google.com docs.google.com notion.so notion.site
        atlassian.net confluence.com sharepoint.com onedrive.live.com office.com coda.io
        dropbox.com paper.dropbox.com airtable.com trello.com asana.com linear.app monday.com
        clickup.com miro.com figma.com overleaf.com hackmd.io etherpad.org
        github.com/*/wiki gitlab.com/*/wikis
    """,
    "learning_video": """
        coursera.org udemy.com edx.org khanacademy.org pluralsight.com egghead.io
        frontendmasters.com skillshare.com ted.com ocw.mit.edu linkedin.com/learning
        media.ccc.de masterclass.com brilliant.org
    """,
    "learning_reading": """
        medium.com dev.to freecodecamp.org realpython.com digitalocean.com/community
        css-tricks.com smashingmagazine.com arxiv.org jstor.org nature.com science.org
        researchgate.net semanticscholar.org scholar.google.com news.ycombinator.com lobste.rs
        lwn.net martinfowler.com substack.com gutenberg.org goodreads.com duolingo.com
        quantamagazine.org acm.org ieee.org pubmed.ncbi.nlm.nih.gov
    """,
    "entertainment_short_form": """
        youtube.com/shorts tiktok.com instagram.com/reels instagram.com/reel
        facebook.com/reel facebook.com/reels snapchat.com/spotlight
    """,
    "entertainment_video": """
        youtube.com youtu.be netflix.com primevideo.com disneyplus.com hulu.com max.com twitch.tv
        vimeo.com dailymotion.com ardmediathek.de zdf.de arte.tv joyn.de crunchyroll.com
        tv.apple.com paramountplus.com peacocktv.com bilibili.com bbc.co.uk/iplayer
    """,
    "entertainment_browsing": """
        9gag.com imgur.com buzzfeed.com knowyourmeme.com xkcd.com boredpanda.com spotify.com
        open.spotify.com soundcloud.com bandcamp.com music.youtube.com last.fm imdb.com
        letterboxd.com rottentomatoes.com ign.com store.steampowered.com steamcommunity.com
        itch.io chess.com lichess.org fandom.com giphy.com pinterest.com
    """,
    "social_media": """
        facebook.com instagram.com x.com twitter.com mastodon.social bsky.app threads.net
        linkedin.com reddit.com tumblr.com vk.com weibo.com snapchat.com discord.com
        web.whatsapp.com web.telegram.org quora.com
    """,
    "news": """
        bbc.com bbc.co.uk cnn.com nytimes.com washingtonpost.com theguardian.com reuters.com
        apnews.com economist.com ft.com wsj.com bloomberg.com npr.org aljazeera.com
        tagesschau.de spiegel.de zeit.de sueddeutsche.de faz.net welt.de taz.de heise.de golem.de
        n-tv.de derstandard.at nzz.ch srf.ch orf.at lemonde.fr elpais.com politico.com
        theverge.com arstechnica.com techcrunch.com wired.com news.google.com
    """,
    "shopping": """
        amazon.com amazon.de amazon.co.uk amazon.fr ebay.com ebay.de kleinanzeigen.de etsy.com
        aliexpress.com alibaba.com temu.com walmart.com target.com bestbuy.com ikea.com otto.de
        zalando.de mediamarkt.de idealo.de geizhals.de newegg.com shein.com decathlon.de
        booking.com airbnb.com rewe.de
    """,
    "reference": """
        wikipedia.org wiktionary.org wikidata.org stackoverflow.com stackexchange.com
        superuser.com serverfault.com askubuntu.com mathoverflow.net developer.mozilla.org
        docs.python.org readthedocs.io docs.rs devdocs.io learn.microsoft.com
        developer.chrome.com kubernetes.io/docs docs.docker.com docs.github.com cppreference.com
        w3schools.com britannica.com dict.cc leo.org deepl.com translate.google.com
        wolframalpha.com openstreetmap.org google.com/maps maps.google.com archive.org
        postgresql.org/docs sqlite.org pkg.go.dev w3.org
    """,
}


def default_rules() -> Iterator[tuple[str, str]]:
    """Pairs of pattern and category."""
    for category, patterns in _SITES.items():
        for pattern in patterns.split():
            yield pattern, category
