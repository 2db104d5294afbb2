#include "ca/cli/run.h"
#include "ca/cli/run_revoke.h"

/* The commands: options, what they ask, what they show. */

/* clang-format off */
#define REQ OPTION_REQUIRED
#define MANY OPTION_MANY
#define LOCAL OPTION_LOCAL
#define END {NULL, 0, 0, NULL, NULL, NULL}
#define PAGING \
	{"limit", OPTION_INT, LOCAL, NULL, "N", "at most N rows"}, \
	{"all", OPTION_FLAG, LOCAL, NULL, NULL, "every row"}
/* clang-format on */

/* Options. */

static const struct option_spec NONE[] = {END};
/* For --help only: the ceremony reads its words itself. */
static const struct option_spec INIT[] = {
    {"config", OPTION_TEXT, REQ, NULL, "FILE", "inkan-ceremony.conf(5)"},
    {"discard", OPTION_FLAG, 0, NULL, NULL,
	"first remove what an interrupted ceremony left"},
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
static const struct option_spec STOP[] = {
    {"reason", OPTION_TEXT, 0, NULL, "TEXT", "why, for the record"},
    END,
};
static const struct option_spec RESUME[] = {
    {"confirm-time", OPTION_FLAG, 0, "confirm_time", NULL,
	"the clock is right, although it stepped"},
    END,
};
static const struct option_spec STATUS[] = {
    {"check", OPTION_FLAG, LOCAL, NULL, NULL,
	"one line; exit status 1 unless all is well"},
    END,
};
static const struct option_spec ACTIVATE[] = {
    {"note", OPTION_TEXT, 0, NULL, "TEXT", "why, for the record"},
    END,
};
static const struct option_spec POLICY_SHOW[] = {
    {"version", OPTION_INT, 0, NULL, "N", "not the active one but this"},
    {"path", OPTION_TEXT, 0, NULL, "FILE", "print this file of it"},
    END,
};
static const struct option_spec ISSUE[] = {
    {"profile", OPTION_TEXT, REQ, NULL, "P", "profile"},
    {"csr", OPTION_CSR, REQ, NULL, "FILE", "request, PEM or DER; - is stdin"},
    {"device", OPTION_TEXT, 0, NULL, "NAME", "for this device"},
    {"fleet", OPTION_TEXT, 0, NULL, "NAME", "the device's fleet"},
    {"set", OPTION_SET, MANY, NULL, "FIELD=VALUE", "a field for the profile"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "certificate (PEM) to FILE"},
    END,
};
static const struct option_spec EXPLAIN[] = {
    {"fleet", OPTION_TEXT, 0, NULL, "F", "as if enrolling in this fleet"},
    {"profile", OPTION_TEXT, 0, NULL, "P", "as if by \"inkan issue\""},
    {"csr", OPTION_CSR, REQ, NULL, "FILE", "request, PEM or DER; - is stdin"},
    {"cert", OPTION_CHAIN, 0, "chain", "FILE",
	"the client's certificate and its chain, PEM"},
    {"user", OPTION_TEXT, 0, NULL, "U", "as if U gave the right secret"},
    {"device", OPTION_TEXT, 0, NULL, "NAME", "for this device"},
    {"renew", OPTION_FLAG, 0, NULL, NULL, "as if by simplereenroll"},
    {"set", OPTION_SET, MANY, NULL, "FIELD=VALUE", "a field for the profile"},
    END,
};
static const struct option_spec SERIAL[] = {
    {"serial", OPTION_SERIAL, REQ, NULL, "HEX", "certificate"},
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "CA, if the serial is of several"},
    END,
};
static const struct option_spec CERT_SHOW[] = {
    {"serial", OPTION_SERIAL, REQ, NULL, "HEX", "certificate"},
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "CA, if the serial is of several"},
    {"pem", OPTION_FLAG, LOCAL, NULL, NULL, "print the certificate"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "certificate (PEM) to FILE"},
    END,
};
static const struct option_spec CERT_LIST[] = {
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "of this CA"},
    {"state", OPTION_TEXT, 0, NULL, "S",
	"reserved, valid, held, revoked or aborted"},
    {"profile", OPTION_TEXT, 0, NULL, "P", "of this profile"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "of this fleet"},
    {"device", OPTION_TEXT, 0, NULL, "NAME", "of this device"},
    {"serial", OPTION_SERIAL, 0, NULL, "HEX", "with this serial"},
    {"subject", OPTION_TEXT, 0, NULL, "TEXT", "with this in the subject"},
    {"expires-before", OPTION_TIME, 0, "expires_before", "TIME",
	"2026-12-31, RFC 3339, or +30d"},
    PAGING,
    END,
};
static const struct option_spec ISSUER_OPT[] = {
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "only this CA"},
    END,
};
static const struct option_spec CRL_SHOW[] = {
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "only this CA"},
    {"shard", OPTION_INT, 0, NULL, "N", "only this shard of it, from 0"},
    {"pem", OPTION_FLAG, LOCAL, NULL, NULL, "print the CRL"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "CRL (PEM) to FILE"},
    END,
};
static const struct option_spec CRL_SHARDS[] = {
    {"issuer", OPTION_TEXT, REQ, NULL, "NAME", "a CA that has issued nothing"},
    {"shards", OPTION_INT, REQ, NULL, "N", "0 (one full CRL), or 2 to 256"},
    END,
};
static const struct option_spec CRL_PLAN[] = {
    {"issuer", OPTION_TEXT, 0, NULL, "NAME",
	"CA; else the one with the most certificates"},
    {"fleet-size", OPTION_INT, 0, "fleet_size", "N",
	"so many certificates in use"},
    {"revocation-rate", OPTION_TEXT, 0, "revocation_rate", "PERCENT",
	"so many of them revoked in a year"},
    {"validity", OPTION_DURATION, 0, NULL, "T", "of a certificate: 365d"},
    {"crl-interval", OPTION_DURATION, 0, "crl_interval", "T",
	"between CRLs: 6h"},
    {"ocsp", OPTION_FLAG, 0, NULL, NULL,
	"verifiers can ask while they verify"},
    END,
};
static const struct option_spec DEVICE_ADD[] = {
    {"fleet", OPTION_TEXT, REQ, NULL, "F", "fleet"},
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "name in the fleet"},
    {"serial", OPTION_TEXT, 0, NULL, "S", "the maker's serial number"},
    {"key", OPTION_KEY, 0, NULL, "FILE",
	"its only key: that of a public key, certificate or CSR"},
    {"set", OPTION_SET, MANY, NULL, "FIELD=VALUE", "a field for the profile"},
    END,
};
static const struct option_spec DEVICE_LIST[] = {
    {"fleet", OPTION_TEXT, 0, NULL, "F", "of this fleet"},
    {"state", OPTION_TEXT, 0, NULL, "S", "enabled, parked or disabled"},
    {"name", OPTION_TEXT, 0, NULL, "TEXT", "with this in the name"},
    PAGING,
    END,
};
static const struct option_spec DEVICE_SHOW[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "device"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "fleet, if the name is in several"},
    END,
};
static const struct option_spec DEVICE_CHANGE[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "device"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "fleet, if the name is in several"},
    {"reason", OPTION_TEXT, 0, NULL, "TEXT", "why, for the record"},
    END,
};
static const struct option_spec DEVICE_REVOKE[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "device"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "fleet, if the name is in several"},
    {"reason", OPTION_REASON, 0, NULL, "R", "RFC 5280 name"},
    {"invalidity-date", OPTION_TIME, 0, "invalidity_date", "TIME",
	"since when they were not to be trusted"},
    END,
};
static const struct option_spec DEVICE_RETIRE[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "device"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "fleet, if the name is in several"},
    {"reason", OPTION_REASON, 0, NULL, "R", "else cessationOfOperation"},
    {"note", OPTION_TEXT, 0, NULL, "TEXT", "why, for the record"},
    END,
};
static const struct option_spec DEVICE_REPLACE[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "device"},
    {"by", OPTION_TEXT, REQ, NULL, "NEW", "name of the new one"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "fleet, if the name is in several"},
    {"serial", OPTION_TEXT, 0, NULL, "S", "the new one's serial number"},
    {"key", OPTION_KEY, 0, NULL, "FILE",
	"its only key: that of a public key, certificate or CSR"},
    {"reason", OPTION_REASON, 0, NULL, "R", "else superseded"},
    END,
};
static const struct option_spec DEVICE_TRANSFER[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "device"},
    {"to", OPTION_TEXT, REQ, NULL, "FLEET", "fleet that it goes to"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "fleet, if the name is in several"},
    {"reason", OPTION_REASON, 0, NULL, "R", "else affiliationChanged"},
    END,
};
static const struct option_spec CAMPAIGN[] = {
    {"id", OPTION_INT, REQ, NULL, "ID", "its number"},
    END,
};
static const struct option_spec NAME[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "its name"},
    END,
};
static const struct option_spec PROFILE_SHOW[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME|FILE",
	"active profile, or a file (a word with a slash or dot)"},
    END,
};
static const struct option_spec PROFILE_CHECK[] = {
    {"file", OPTION_TEXT, REQ | MANY | LOCAL, NULL, "FILE", "profile"},
    END,
};
static const struct option_spec PROFILE_DIFF[] = {
    {"profile", OPTION_TEXT, REQ | MANY | LOCAL, NULL, "PROFILE",
	"old, then new: file, active one, or NAME@VERSION"},
    END,
};
static const struct option_spec REPLAY[] = {
    {"file", OPTION_TEXT, REQ | LOCAL, "text", "FILE",
	"the changed profile; - is stdin"},
    {"last", OPTION_INT, REQ, NULL, "N", "so many requests, 1 to 10000"},
    {"profile", OPTION_TEXT, 0, NULL, "P",
	"requests of this profile, not of that in FILE"},
    END,
};
static const struct option_spec LINT[] = {
    {"file", OPTION_TEXT, MANY | LOCAL, NULL, "FILE",
	"certificates and CRLs, PEM or DER; - is stdin"},
    {"severity", OPTION_TEXT, LOCAL, NULL, "S",
	"what counts: error, warning (and error), notice (all)"},
    {"rules", OPTION_FLAG, LOCAL, NULL, NULL, "list the rules"},
    END,
};
static const struct option_spec SECRET_NEW[] = {
    {"fleet", OPTION_TEXT, REQ | MANY, NULL, "F", "fleet that it opens"},
    {"device", OPTION_TEXT, 0, NULL, "NAME", "for this device only"},
    {"reusable", OPTION_FLAG, 0, NULL, NULL, "for more than one enrolment"},
    {"ttl", OPTION_DURATION, 0, NULL, "T", "valid so long: 12h, 30d"},
    {"user", OPTION_TEXT, 0, NULL, "NAME", "user name; else one is made"},
    {"stdin", OPTION_FLAG, LOCAL, NULL, NULL,
	"read the secret (terminal or stdin); else one is made"},
    END,
};
static const struct option_spec USER[] = {
    {"user", OPTION_TEXT, REQ, NULL, "NAME", "user name"},
    END,
};
static const struct option_spec PAGES[] = {PAGING, END};
static const struct option_spec LOG_LIST[] = {
    {"from", OPTION_INT, LOCAL, NULL, "N", "from this entry on"},
    PAGING,
    END,
};

/* Columns of rows. */

static const char *const CERT_COLUMNS[] = {"serial", "issuer", "state",
    "not_after", "profile", "device", "subject", NULL};
static const char *const CAMPAIGN_COLUMNS[] = {"id", "state", "total", "done",
    "skipped", "left", "reason", "created", "author", "where", NULL};
static const char *const CA_COLUMNS[] = {"ident", "state", "token",
    "key_state", "not_after", "certs", "next_crl", "subject", NULL};
static const char *const CA_CERT_COLUMNS[] = {
    "kind", "not_after", "subject", "issued_by", "sha256", NULL};
static const char *const ADOPTION_COLUMNS[] = {"fleet", "anchor", "generation",
    "used", "missing", "last", NULL};
static const char *const DIFF_COLUMNS[] = {"change", "path", "detail", NULL};
static const char *const POLICY_COLUMNS[] = {"path", "size", "sha256", NULL};
static const char *const EXPLAIN_COLUMNS[] = {
    "stage", "verdict", "rule", "field", "text", NULL};
static const char *const CRL_COLUMNS[] = {
    "issuer", "shard", "number", "this_update", "next_update", "entries",
    "octets", NULL};
static const char *const PLAN_COLUMNS[] = {"choice", "fits", "entries",
    "octets", "octets_day", "signatures_day", "seconds_day", "why", NULL};
static const char *const DEVICE_COLUMNS[] = {
    "fleet", "name", "state", "serial", "created", "note", "fields", NULL};
static const char *const FLEET_COLUMNS[] = {"name", "label", "default",
    "profile", "registration", "re_enrol", "pop_link", "devices", NULL};
static const char *const SECRET_COLUMNS[] = {"user", "fleets", "device",
    "reusable", "revoked", "expires", "used_at", NULL};
static const char *const PROFILE_COLUMNS[] = {
    "name", "class", "issuer", "issued_by", "description", NULL};
static const char *const KEY_COLUMNS[] = {"token", "label", "type",
    "sensitive", "extractable", "local", "issuer", "uri", NULL};
static const char *const REPLAY_COLUMNS[] = {
    "serial", "device", "verdict", "what", "was", "now", NULL};
static const char *const LOG_COLUMNS[] = {
    "index", "time", "kind", "detail", NULL};

/* The table. */

/* clang-format off */
#define CEREMONY(w, h) \
	{.words = w, .run = run_init, .options = INIT, \
	    .positional = "config", .verbatim = 1, .help = h, \
	    .more = "This runs inkan-ceremony(8) with inkan-ca stopped."}
/* clang-format on */

const struct command command_table[] = {
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
    CEREMONY("ca refresh", "Renew a root's CRL and OCSP answers by a ceremony"),
    CEREMONY("ceremony run", "Run a ceremony of whatever kind"),
    {.words = "ca list",
	.op = "ca.list",
	.run = run_list,
	.options = NONE,
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
	.columns = CRL_COLUMNS,
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
    {.words = "status",
	.op = "status",
	.run = run_status,
	.options = STATUS,
	.rows = "checks",
	.help = "Tell what is fine and what expires when"},
    {.words = "policy diff",
	.op = "policy.diff",
	.run = run_policy_diff,
	.options = NONE,
	.columns = DIFF_COLUMNS,
	.rows = "changes",
	.help = "Compare the policy files with the active version"},
    {.words = "policy activate",
	.op = "policy.activate",
	.run = run_object,
	.options = ACTIVATE,
	.help = "Make the policy files the active version"},
    {.words = "policy show",
	.op = "policy.show",
	.run = run_object,
	.options = POLICY_SHOW,
	.columns = POLICY_COLUMNS,
	.rows = "files",
	.raw = "content",
	.help = "Show a policy version"},
    {.words = "issue",
	.op = "issue",
	.run = run_issue,
	.options = ISSUE,
	.help = "Issue a certificate and print it"},
    {.words = "explain",
	.op = "explain",
	.run = run_explain,
	.options = EXPLAIN,
	.columns = EXPLAIN_COLUMNS,
	.rows = "stages",
	.help = "Tell what would become of a request; issue nothing",
	.more = "Exit status 0 only if a certificate would be issued."},
    {.words = "revoke",
	.run = run_revoke,
	.options = run_revoke_options,
	.help = "Revoke or hold certificates",
	.more = "One of --serial, --device, --spki, --key, --where, --resume, "
		"--abort."},
    {.words = "campaign list",
	.op = "campaign.list",
	.run = run_list,
	.options = PAGES,
	.paging = COMMAND_CURSOR,
	.columns = CAMPAIGN_COLUMNS,
	.help = "List revocations of many certificates"},
    {.words = "campaign show",
	.op = "campaign.show",
	.run = run_object,
	.options = CAMPAIGN,
	.positional = "id",
	.help = "Show how far one of them is"},
    {.words = "release",
	.op = "release",
	.run = run_object,
	.options = SERIAL,
	.help = "Release a certificate from hold"},
    {.words = "cert list",
	.op = "cert.list",
	.run = run_list,
	.options = CERT_LIST,
	.columns = CERT_COLUMNS,
	.paging = COMMAND_CURSOR,
	.help = "List certificates"},
    {.words = "cert show",
	.op = "cert.show",
	.run = run_cert_show,
	.options = CERT_SHOW,
	.positional = "serial",
	.help = "Show a certificate"},
    {.words = "crl issue",
	.op = "crl.issue",
	.run = run_list,
	.options = ISSUER_OPT,
	.columns = CRL_COLUMNS,
	.help = "Issue and publish CRLs now"},
    {.words = "crl show",
	.op = "crl.show",
	.run = run_crl_show,
	.options = CRL_SHOW,
	.positional = "issuer",
	.columns = CRL_COLUMNS,
	.help = "Show the newest CRL of a CA, or of all"},
    {.words = "crl shards",
	.op = "crl.shards",
	.run = run_list,
	.options = CRL_SHARDS,
	.columns = CRL_COLUMNS,
	.help = "Partition the CRL of a CA that has issued nothing yet"},
    {.words = "crl plan",
	.op = "crl.plan",
	.run = run_object,
	.options = CRL_PLAN,
	.columns = PLAN_COLUMNS,
	.rows = "choices",
	.help = "Forecast what CRLs, shards, short lives and OCSP cost"},
    {.words = "device add",
	.op = "device.add",
	.run = run_object,
	.options = DEVICE_ADD,
	.help = "Register a device"},
    {.words = "device list",
	.op = "device.list",
	.run = run_list,
	.options = DEVICE_LIST,
	.columns = DEVICE_COLUMNS,
	.paging = COMMAND_CURSOR,
	.help = "List devices"},
    {.words = "device show",
	.op = "device.show",
	.run = run_object,
	.options = DEVICE_SHOW,
	.positional = "name",
	.columns = CERT_COLUMNS,
	.rows = "certificates",
	.help = "Show a device and its certificates"},
    {.words = "device disable",
	.op = "device.disable",
	.run = run_object,
	.options = DEVICE_CHANGE,
	.positional = "name",
	.help = "Let a device neither enrol nor renew"},
    {.words = "device enable",
	.op = "device.enable",
	.run = run_object,
	.options = DEVICE_CHANGE,
	.positional = "name",
	.help = "Let a disabled or parked device go on"},
    {.words = "device revoke",
	.op = "device.revoke",
	.run = run_list,
	.options = DEVICE_REVOKE,
	.positional = "name",
	.columns = CERT_COLUMNS,
	.help = "Disable a device and revoke its certificates"},
    {.words = "device retire",
	.op = "device.retire",
	.run = run_object,
	.options = DEVICE_RETIRE,
	.positional = "name",
	.columns = CERT_COLUMNS,
	.rows = "certificates",
	.help = "Take a device out of service for good"},
    {.words = "device replace",
	.op = "device.replace",
	.run = run_object,
	.options = DEVICE_REPLACE,
	.positional = "name",
	.columns = CERT_COLUMNS,
	.rows = "certificates",
	.help = "Put a new device in the place of one"},
    {.words = "device transfer",
	.op = "device.transfer",
	.run = run_object,
	.options = DEVICE_TRANSFER,
	.positional = "name",
	.columns = CERT_COLUMNS,
	.rows = "certificates",
	.help = "Hand a device on to another fleet"},
    {.words = "fleet list",
	.op = "fleet.list",
	.run = run_list,
	.options = NONE,
	.columns = FLEET_COLUMNS,
	.help = "List fleets"},
    {.words = "fleet show",
	.op = "fleet.show",
	.run = run_object,
	.options = NAME,
	.positional = "name",
	.raw = "text",
	.help = "Show a fleet"},
    {.words = "secret new",
	.op = "secret.new",
	.run = run_secret_new,
	.options = SECRET_NEW,
	.help = "Make a secret for HTTP Basic; shown once"},
    {.words = "secret list",
	.op = "secret.list",
	.run = run_list,
	.options = PAGES,
	.paging = COMMAND_CURSOR,
	.columns = SECRET_COLUMNS,
	.help = "List secrets"},
    {.words = "secret revoke",
	.op = "secret.revoke",
	.run = run_object,
	.options = USER,
	.positional = "user",
	.help = "Revoke a secret"},
    {.words = "profile list",
	.op = "profile.list",
	.run = run_list,
	.options = NONE,
	.columns = PROFILE_COLUMNS,
	.help = "List the active profiles"},
    {.words = "profile show",
	.op = "profile.show",
	.run = run_profile_show,
	.options = PROFILE_SHOW,
	.positional = "name",
	.raw = "text",
	.help = "Show a profile as it is understood"},
    {.words = "profile check",
	.run = run_profile_check,
	.options = PROFILE_CHECK,
	.positional = "file",
	.help = "Check profile files; needs no server"},
    {.words = "profile diff",
	.run = run_profile_diff,
	.options = PROFILE_DIFF,
	.positional = "profile",
	.help = "Compare two profiles key by key"},
    {.words = "profile replay",
	.op = "profile.replay",
	.run = run_profile_replay,
	.options = REPLAY,
	.positional = "file",
	.columns = REPLAY_COLUMNS,
	.rows = "differences",
	.help = "Judge the last requests again by a changed profile",
	.more = "Nothing is issued. Exit status 0 also when something differs."},
    {.words = "lint",
	.run = run_lint,
	.options = LINT,
	.positional = "file",
	.help = "Judge certificates and CRLs by standards; needs no server",
	.more = "Exit status 0 only if nothing was found that counts."},
    {.words = "key list",
	.op = "key.list",
	.run = run_list,
	.options = NONE,
	.columns = KEY_COLUMNS,
	.help = "List the keys of the issuing tokens"},
    {.words = "log list",
	.op = "log.list",
	.run = run_list,
	.options = LOG_LIST,
	.columns = LOG_COLUMNS,
	.paging = COMMAND_FROM,
	.help = "List entries of the log"},
    {.words = NULL},
};
