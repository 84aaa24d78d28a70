"""Kinds of pages that most people want kept out of their history, as patterns by name.

The patterns are those of `heyho.exclusions`. They go by words in hosts where these are telling,
and by name where they are not. Plain enough for MicroPython: the settings page shows them.
"""


def _words(text: str) -> "tuple[str, ...]":
    return tuple(text.split())


PRESETS: "dict[str, tuple[str, ...]]" = {
    "banks": _words(
        """
        *.bank banking.* *-banking.*
        onlinebanking.* onlinebanking-* online-banking.* ebanking.* e-banking.* netbanking.*
        internetbanking.* mybanking.* *sparkasse* *volksbank* *raiffeisen* *kreditbank* *-bank.*
        *bank.de *bank.at *bank.ch *bank.com *bank.co.uk *bank.eu *bank.fr *bank.it *bank.nl
        *bank.pl *bank.in *bank.com.au *bank.ca *bank.com.tr *bank.ru *bank.ie *bank.se *bank.no
        *bank.dk *creditunion* *-creditunion.* *sparebank* *cajarural* *creditagricole*
        *credit-agricole* vr.de genobanken.de gls.de ing.de ing.com ing.nl dkb.de comdirect.de
        n26.com bunq.com consorsbank.de norisbank.de targobank.de postbank.de haspa.de sparda.de
        apobank.de hypovereinsbank.de unicredit.it unicreditgroup.eu tomorrow.one c24.de bawag.at
        bawagpsk.com easybank.at erstegroup.com george.at ubs.com credit-suisse.com postfinance.ch
        zkb.ch bcv.ch bekb.ch raiffeisen.ch neon-free.ch swissquote.com chase.com bankofamerica.com
        wellsfargo.com citi.com citigroup.com capitalone.com usaa.com navyfederal.org ally.com
        schwab.com fidelity.com vanguard.com etrade.com robinhood.com sofi.com discover.com
        americanexpress.com regions.com truist.com pnc.com barclays.co.uk barclays.com hsbc.com
        hsbc.co.uk lloydsbank.com natwest.com rbs.co.uk santander.com santander.co.uk santander.de
        nationwide.co.uk monzo.com starlingbank.com revolut.com wise.com halifax.co.uk tsb.co.uk
        bnpparibas.com bnpparibas.fr mabanque.bnpparibas societegenerale.fr lcl.fr
        labanquepostale.fr boursorama.com boursobank.com caisse-epargne.fr banquepopulaire.fr
        bbva.es bbva.com caixabank.es bancosantander.es ingdirect.es openbank.es bankinter.com
        intesasanpaolo.com fineco.it bancobpm.it mps.it poste.it abnamro.nl rabobank.nl asnbank.nl
        kbc.be belfius.be nordea.com seb.se swedbank.se handelsbanken.se danskebank.dk dnb.no op.fi
        aib.ie boi.com pkobp.pl mbank.pl pekao.com.pl csob.cz kb.cz otpbank.hu sberbank.ru
        tinkoff.ru rbc.com rbcroyalbank.com td.com scotiabank.com bmo.com cibc.com tangerine.ca
        itau.com.br bradesco.com.br bb.com.br caixa.gov.br nubank.com.br commbank.com.au
        westpac.com.au anz.com anz.com.au nab.com.au asb.co.nz bnz.co.nz kiwibank.co.nz
        icicibank.com hdfcbank.com onlinesbi.sbi sbi.co.in axisbank.com kotak.com dbs.com dbs.com.sg
        ocbc.com uob.com.sg icbc.com.cn ccb.com boc.cn cmbchina.com mufg.jp smbc.co.jp
        mizuhobank.co.jp kbstar.com shinhan.com paypal.com paypal.me klarna.com stripe.com
        checkout.stripe.com adyen.com mollie.com giropay.de paydirekt.de wero-wallet.eu sofort.com
        skrill.com neteller.com payoneer.com venmo.com zellepay.com cash.app alipay.com
        pay.google.com pay.amazon.com wallet.apple.com afterpay.com affirm.com visa.com
        mastercard.com coinbase.com binance.com kraken.com bitpanda.com bitcoin.de crypto.com
        blockchain.com traderepublic.com scalable.capital flatex.de degiro.com etoro.com
        interactivebrokers.com schufa.de experian.com equifax.com transunion.com
        """
    ),
    "health": _words(
        """
        *krankenkasse* *klinik* *klinikum* *krankenhaus* *hospital.* *hospitals.* *hopital*
        *clinic.* *clinics.* *-clinic* *psychotherap* *psychiatr* *apotheke* *apotheken* *pharmacy*
        *pharmacie* *farmacia* *arztpraxis* *zahnarzt* *gynaekolog* *frauenarzt* *schwangerschaft*
        *abtreibung* *abortion* *fertility* *kinderwunsch* *suizid* *suicide* *depression*
        *suchthilfe* *suchtberatung* *aidshilfe* tk.de aok.de barmer.de dak.de ikk-classic.de
        knappschaft.de hkk.de bkk-*.de sbk.org techniker.de debeka.de oegk.at css.ch swica.ch
        helsana.ch doctolib.de doctolib.fr doctolib.it jameda.de docmorris.de shop-apotheke.com
        aponet.de netdoktor.de onmeda.de gesundheitsinformation.de apotheken-umschau.de lifeline.de
        gesund.bund.de kvsaarland.de 116117.de arzt-auskunft.de teleclinic.com zavamed.com kry.de
        telefonseelsorge.de nummergegenkummer.de anonyme-alkoholiker.de profamilia.de hellobetter.de
        nhs.uk webmd.com mayoclinic.org healthline.com medlineplus.gov clevelandclinic.org drugs.com
        medscape.com patient.info everydayhealth.com psychologytoday.com betterhelp.com
        talkspace.com teladoc.com zocdoc.com goodrx.com mychart.com mychart.* kp.org
        kaiserpermanente.org cvs.com/minuteclinic walgreens.com/pharmacy bluecrossmn.com bcbs.com
        anthem.com cigna.com aetna.com humana.com uhc.com 23andme.com plannedparenthood.org
        samaritans.org 988lifeline.org aa.org na.org ameli.fr vidal.fr sante.fr mutuelle.fr
        quironsalud.com salute.gov.it 1mg.com practo.com myfitnesspal.com flo.health clue.app
        helloclue.com
        """
    ),
    "intimate": _words(
        """
        *porn* *.xxx *.porn *.adult *.sex *.sexy *.dating *hentai* *escort* *erotik* *erotic*
        *sexcam* *camgirl* *swinger* *fetish* *bdsm* dating* *-dating.* *dating.com *dating.de
        *singleboerse* *partnersuche* *partnervermittlung* *sexshop* *sextoy* xvideos.com xnxx.com
        xhamster.com redtube.com youjizz.com spankbang.com eporner.com beeg.com tube8.com
        brazzers.com chaturbate.com stripchat.com livejasmin.com bongacams.com cam4.com
        myfreecams.com camsoda.com onlyfans.com fansly.com manyvids.com clips4sale.com
        literotica.com rule34.xxx e-hentai.org nhentai.net fapello.com motherless.com txxx.com
        hclips.com adultfriendfinder.com ashleymadison.com fetlife.com joyclub.de poppen.de
        kaufmich.com markt.de/kontakte quoka.de/erotik ladies.de amorelie.de eis.de orion.de
        beate-uhse.com tinder.com bumble.com hinge.co okcupid.com match.com pof.com plentyoffish.com
        badoo.com grindr.com scruff.com jackd.com her.app feeld.co happn.com lovoo.com parship.de
        parship.com elitepartner.de edarling.de neu.de finya.de knuddels.de jappy.de lovescout24.de
        once.com eharmony.com eharmony.co.uk zoosk.com jdate.com muzz.com shaadi.com
        bharatmatrimony.com jeevansathi.com meetic.fr meetic.com meetic.it adopteunmec.com
        adopte.app gleeden.com romeo.com planetromeo.com gayromeo.com tantanapp.com momoapp.com
        pairs.lv
        """
    ),
    "official": _words(
        """
        irs.gov ssa.gov uscis.gov va.gov medicare.gov healthcare.gov studentaid.gov login.gov id.me
        usajobs.gov dhs.gov uscourts.gov travel.state.gov *dmv.* *courts.gov *tax*.gov *.gov.*
        *.gob.* *.gouv.fr *.gouv.* *.govt.nz *.go.jp *.go.kr *.gc.ca canada.ca *.admin.ch *.gv.at
        *.bund.de bund.de *.gov.uk gov.uk *.nhs.uk *.mil *.police.uk *rechtsanwalt* *rechtsanwaelt*
        *anwaltskanzlei* *kanzlei-* *lawyer* *attorney* *solicitor* *lawfirm* *avocat* *abogado*
        *notar-* *scheidung* *divorce* *steuerberat* *insolvenz* *schuldnerberatung* *finanzamt*
        *jobcenter* *arbeitsagentur* *landkreis-* *amtsgericht* *landgericht* *polizei* elster.de
        elster-portal.de finanzonline.bmf.gv.at bundid.de id.bund.de arbeitsagentur.de
        jobcenter.digital deutsche-rentenversicherung.de familienkasse.de bamf.de bundesjustizamt.de
        handelsregister.de ausweisapp.bund.de personalausweisportal.de justiz.de justiz.*
        bayern.de/justiz berlin.de/labo service.berlin.de muenchen.de/rathaus
        hamburg.de/behoerdenfinder verwaltung.bund.de serviceportal.* *serviceportal.*
        oesterreich.gv.at ch.ch anwalt.de anwaltauskunft.de frag-einen-anwalt.de 123recht.de
        taxfix.de wiso-steuer.de smartsteuer.de turbotax.intuit.com hrblock.com taxact.com
        legalzoom.com avvo.com findlaw.com justia.com rocketlawyer.com europa.eu/eures
        agenziaentrate.gov.it inps.it impots.gouv.fr service-public.fr ants.gouv.fr
        franceconnect.gouv.fr pole-emploi.fr francetravail.fr caf.fr agenciatributaria.gob.es
        seg-social.es digid.nl belastingdienst.nl mijnoverheid.nl skatteverket.se skat.dk borger.dk
        skatteetaten.no altinn.no vero.fi revenue.ie cra-arc.gc.ca uidai.gov.in incometax.gov.in
        """
    ),
    "accounts": _words(
        """
        accounts.* account.* login.* signin.* sign-in.* signon.* auth.* auth0.com sso.* oauth.*
        id.atlassian.com idp.* myaccount.* identity.* passport.* konto.* mein-konto.* anmelden.*
        secure-login.* *.okta.com *.onelogin.com *.auth0.com *.b2clogin.com *.ciamlogin.com
        *.duosecurity.com login.microsoftonline.com login.live.com account.microsoft.com
        mysignins.microsoft.com myaccount.google.com accounts.google.com passwords.google.com
        appleid.apple.com account.apple.com iforgot.apple.com accounts.firefox.com github.com/login
        github.com/settings gitlab.com/users/sign_in facebook.com/login facebook.com/settings
        instagram.com/accounts linkedin.com/login linkedin.com/checkpoint x.com/settings
        x.com/i/flow twitter.com/settings amazon.com/ap amazon.de/ap amazon.co.uk/ap amazon.fr/ap
        amazon.it/ap amazon.es/ap *.1password.com 1password.com *.lastpass.com lastpass.com
        vault.bitwarden.com vault.bitwarden.eu *.dashlane.com dashlane.com *.keepersecurity.com
        verimi.de netid.de yes.com */login */login.php */login.html */login.aspx */log-in */signin
        */sign-in */sign_in */signup */sign-up */logout */anmelden */anmeldung */einloggen
        */register */registrieren */oauth */oauth2 */sso */saml */password */passwords
        */forgot-password */reset-password */passwort */passwort-vergessen */users/sign_in
        */wp-login.php */wp-admin */auth */2fa */checkout */kasse
        """
    ),
}
"""By name: money, health, dating and what is for adults, authorities and law, signing in."""

NAMES = ("banks", "health", "intimate", "official", "accounts")
"""In the order in which they are shown; MicroPython keeps none."""
