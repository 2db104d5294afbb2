#include "ca/cli/commands.h"
#include "ca/cli/run.h"

/* Commands: CAs, their ceremonies, and how the instance is. */

/* Options. */

/* For --help only: the ceremony reads its words itself. */
static const struct option_spec INIT[] = {
    {"config", OPTION_TEXT, REQ, NULL, "FILE", "inkan-ceremony.conf(5)"},
    {"discard", OPTION_FLAG, 0, NULL, NULL,
	"first remove what an interrupted ceremony left"},
    {"resume", OPTION_FLAG, 0, NULL, NULL, "finish an interrupted ceremony"},
    {"signatures", OPTION_TEXT, MANY, NULL, "FILE",
	"of participants over the file; else FILE.sigs"},
    {"dry-run", OPTION_FLAG, 0, NULL, NULL,
	"all of it on throw-away tokens; nothing is changed"},
    {"transcript", OPTION_TEXT, 0, NULL, "FILE",
	"where that one's transcript goes"},
    {"softhsm", OPTION_TEXT, 0, NULL, "MODULE", "libsofthsm2.so, for that one"},
    END,
};
/* What people do about a ceremony: no server is asked. */
static const struct option_spec CEREMONY_KEY[] = {
    {"name", OPTION_TEXT, REQ | LOCAL, NULL, "NAME", "the participant's"},
    {"key", OPTION_TEXT, REQ | LOCAL, NULL, "KEY",
	"private key: PEM file or PKCS #11 URI"},
    {"module", OPTION_TEXT, LOCAL, NULL, "FILE", "PKCS #11 module"},
    END,
};
static const struct option_spec CEREMONY_SIGN[] = {
    {"file", OPTION_TEXT, REQ | LOCAL, NULL, "FILE",
	"ceremony file, or transcript"},
    {"key", OPTION_TEXT, LOCAL, NULL, "KEY",
	"private key: PEM file or PKCS #11 URI"},
    {"name", OPTION_TEXT, LOCAL, NULL, "NAME", "the participant's"},
    {"add", OPTION_TEXT, LOCAL, NULL, "NOTE",
	"add signatures that were made elsewhere"},
    {"out", OPTION_TEXT, LOCAL, NULL, "NOTE",
	"where they go; else FILE.sigs, or the transcript"},
    {"module", OPTION_TEXT, LOCAL, NULL, "FILE", "PKCS #11 module"},
    END,
};
static const struct option_spec CEREMONY_VERIFY[] = {
    {"transcript", OPTION_TEXT, REQ | LOCAL, NULL, "FILE", "transcript"},
    {"file", OPTION_TEXT, LOCAL, NULL, "FILE", "the ceremony's file"},
    {"cert", OPTION_TEXT, MANY | LOCAL, NULL, "FILE",
	"certificate that it must have made"},
    {"participants", OPTION_TEXT, LOCAL, NULL, "FILE",
	"trusted verifier keys, one a line"},
    {"unsigned", OPTION_FLAG, LOCAL, NULL, NULL,
	"nobody need have signed the transcript yet"},
    END,
};
static const struct option_spec CA_REQUEST[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "name of the CA: a-z, 0-9 and -"},
    {"generation", OPTION_INT, 0, NULL, "N", "else the next one of the name"},
    {"token", OPTION_TEXT, 0, NULL, "T",
	"token of inkan-ca.conf that makes the key"},
    {"key-type", OPTION_TEXT, 0, "key_type", "K",
	"ec-p256, ec-p384, rsa-3072 ..."},
    {"set", OPTION_SET, MANY, NULL, "ATTRIBUTE=VALUE",
	"of the subject, in its order: c=DE, o=..., cn=..."},
    {"path-len", OPTION_INT, 0, "path_len", "N",
	"CAs below it that are asked for; else 0"},
    {"http-url", OPTION_TEXT, 0, "http_url", "U",
	"where CRLs and OCSP will be; else as the other CAs'"},
    {"crl-lifetime", OPTION_DURATION, 0, "crl_lifetime", "T",
	"validity of its CRLs; else 1d"},
    {"crl-interval", OPTION_DURATION, 0, "crl_interval", "T",
	"time between them; else a quarter of that"},
    {"crl-shards", OPTION_INT, 0, "crl_shards", "N",
	"CRLs that share its certificates; else one"},
    {"keep-expired", OPTION_FLAG, 0, "keep_expired", NULL,
	"expired certificates stay on its CRLs"},
    {"abandon", OPTION_FLAG, 0, NULL, NULL, "destroy the key and forget it"},
    {"pem", OPTION_FLAG, LOCAL, NULL, NULL, "print the request"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "request (PEM) to FILE"},
    END,
};
static const struct option_spec CA_IMPORT[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "CA that was requested"},
    {"cert", OPTION_CERT, REQ, NULL, "FILE", "its certificate, PEM or DER"},
    {"chain", OPTION_CHAIN, 0, NULL, "FILE",
	"the CAs above it up to the root, PEM"},
    END,
};
static const struct option_spec CA_DELEGATE[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "CA that it answers for"},
    {"csr", OPTION_CSR, REQ, NULL, "FILE", "request, PEM or DER; - is stdin"},
    {"profile", OPTION_TEXT, 0, NULL, "P", "of class ocsp; ocsp-responder"},
    {"set", OPTION_SET, MANY, NULL, "FIELD=VALUE", "a field for the profile"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "certificate (PEM) to FILE"},
    END,
};
static const struct option_spec CA_SHOW[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "CA (devices-g2, or devices)"},
    {"pem", OPTION_FLAG, LOCAL, NULL, NULL, "print its certificate"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "certificate (PEM) to FILE"},
    END,
};
static const struct option_spec CA_STATE[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "CA (devices-g2)"},
    {"reason", OPTION_TEXT, 0, NULL, "TEXT", "why, for the record"},
    END,
};
static const struct option_spec ADOPTION[] = {
    {"root", OPTION_TEXT, 0, NULL, "NAME", "of this root, if there are several"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "only this fleet"},
    {"list", OPTION_TEXT, 0, NULL, "WHICH",
	"devices by name: new, old, none or missing"},
    PAGING,
    END,
};
static const struct option_spec LOG_ACCEPT[] = {
    {"reason", OPTION_TEXT, REQ, NULL, "TEXT", "why, for the record"},
    END,
};
static const struct option_spec STOP[] = {
    {"reason", OPTION_TEXT, 0, NULL, "TEXT", "why, for the record"},
    BREAK_GLASS,
    END,
};
static const struct option_spec RESUME[] = {
    {"confirm-time", OPTION_FLAG, 0, "confirm_time", NULL,
	"the clock is right, although it stepped"},
    END,
};
static const struct option_spec TOKEN_RESUME[] = {
    {"token", OPTION_TEXT, 0, NULL, "NAME", "of inkan-ca.conf; else \"token\""},
    {"reason", OPTION_TEXT, REQ, NULL, "TEXT", "why, for the record"},
    END,
};
static const struct option_spec STATUS[] = {
    {"check", OPTION_FLAG, LOCAL, NULL, NULL,
	"one line; exit status 1 unless all is well"},
    END,
};

/* Columns of rows. */

static const char *const CA_COLUMNS[] = {"ident", "state", "token",
    "key_state", "not_after", "certs", "next_crl", "subject", NULL};
static const char *const CA_CERT_COLUMNS[] = {
    "kind", "not_after", "subject", "issued_by", "sha256", NULL};
static const char *const ADOPTION_COLUMNS[] = {"fleet", "anchor", "generation",
    "used", "missing", "last", NULL};

/* clang-format off */
#define CEREMONY(w, h) \
	{.words = w, .run = run_init, .options = INIT, \
	    .positional = "config", .verbatim = 1, .help = h, \
	    .more = "This runs inkan-ceremony(8) with inkan-ca stopped."}
/* clang-format on */

const struct command commands_ca[] = {
    {.words = "ca init",
	.run = run_init,
	.options = INIT,
	.verbatim = 1,
	.help = "Set up root and issuing CAs by a ceremony",
	.more = "This runs inkan-ceremony(8) with the same words."},
    CEREMONY("ca add", "Add issuing CAs, or next generations, by a ceremony"),
    CEREMONY("ca renew", "Renew the certificate of a CA by a ceremony"),
    CEREMONY("ca rekey", "Give a root or issuing CA its next key by a ceremony"),
    CEREMONY("ca cross", "Cross-certify a foreign CA by a ceremony"),
    CEREMONY("ca certify", "Certify a foreign sub-CA's request by a ceremony"),
    CEREMONY("ca revoke", "Revoke a certificate of a CA by a ceremony"),
    CEREMONY("ca destroy", "Destroy the key of a CA by a ceremony"),
    CEREMONY("ca refresh", "Renew a root's CRL and OCSP answers by a ceremony"),
    CEREMONY("ceremony run", "Run a ceremony of whatever kind"),
    {.words = "ceremony key",
	.run = run_ceremony_key,
	.options = CEREMONY_KEY,
	.positional = "key",
	.help = "Print a participant's verifier key"},
    {.words = "ceremony sign",
	.run = run_ceremony_sign,
	.options = CEREMONY_SIGN,
	.positional = "file",
	.help = "Sign a ceremony's file, or its transcript"},
    {.words = "ceremony verify",
	.run = run_ceremony_verify,
	.options = CEREMONY_VERIFY,
	.positional = "transcript",
	.help = "Verify the transcript of a ceremony"},
    {.words = "ca list",
	.op = "ca.list",
	.run = run_list,
	.options = commands_none,
	.columns = CA_COLUMNS,
	.help = "List the CAs of this instance"},
    {.words = "ca request",
	.op = "ca.request",
	.run = run_ca_request,
	.options = CA_REQUEST,
	.positional = "name",
	.help = "Make a CA's key and the request for its certificate"},
    {.words = "ca import",
	.op = "ca.import",
	.run = run_object,
	.options = CA_IMPORT,
	.columns = commands_crl_columns,
	.rows = "crls",
	.positional = "name",
	.help = "Take in the certificate that a foreign CA issued"},
    {.words = "ca delegate",
	.op = "ca.delegate",
	.run = run_issue,
	.options = CA_DELEGATE,
	.positional = "name",
	.help = "Issue the first certificate of a CA's OCSP responder"},
    {.words = "ca show",
	.op = "ca.show",
	.run = run_ca_show,
	.options = CA_SHOW,
	.columns = CA_CERT_COLUMNS,
	.rows = "certificates",
	.positional = "name",
	.help = "Show a CA, its CRLs, and what is above it"},
    {.words = "ca disable",
	.op = "ca.disable",
	.run = run_object,
	.options = CA_STATE,
	.positional = "name",
	.help = "Let a CA issue nothing more; its CRLs go on"},
    {.words = "ca enable",
	.op = "ca.enable",
	.run = run_object,
	.options = CA_STATE,
	.positional = "name",
	.help = "Let a disabled CA issue again"},
    {.words = "ca adoption",
	.op = "ca.adoption",
	.run = run_adoption,
	.options = ADOPTION,
	.columns = ADOPTION_COLUMNS,
	.rows = "fleets",
	.help = "Count the devices that have used each generation of a root",
	.more = "--list names them: new, those that have used the newest "
		"generation; old,\nan older one; none, none at all; missing, "
		"all that are not new."},
    {.words = "ca stop",
	.op = "ca.stop",
	.run = run_object,
	.options = STOP,
	.help = "Stop issuing certificates"},
    {.words = "ca resume",
	.op = "ca.resume",
	.run = run_object,
	.options = RESUME,
	.help = "Issue certificates again"},
    {.words = "token resume",
	.op = "token.resume",
	.run = run_object,
	.options = TOKEN_RESUME,
	.positional = "token",
	.help = "Let a token that was stopped sign again",
	.more = "After a wrong signature, or when its PIN was refused and is "
		"right now. Find\nout why first."},
    {.words = "log accept",
	.op = "log.accept",
	.run = run_object,
	.options = LOG_ACCEPT,
	.help = "Go on although the store is not what its log knows",
	.more = "For a store that is older than its published log "
		"(restored), or a log whose\nkey is lost: the next log begins, "
		"under a name of its own, with all entries of\nthe store and "
		"one that tells of this. See docs/log.md."},
    {.words = "status",
	.op = "status",
	.run = run_status,
	.options = STATUS,
	.rows = "checks",
	.help = "Tell what is fine and what expires when"},
    {.words = NULL},
};
