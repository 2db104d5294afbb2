#include "ca/cli/commands.h"
#include "ca/cli/run.h"
#include "ca/cli/run_revoke.h"

/* Commands: certificates from issue to revocation, and CRLs. */

/* Options. */

static const struct option_spec ISSUE[] = {
    {"profile", OPTION_TEXT, 0, NULL, "P", "profile; else that of the fleet"},
    {"csr", OPTION_CSR, 0, NULL, "FILE", "request, PEM or DER; - is stdin"},
    {"batch", OPTION_TEXT, LOCAL, NULL, "FILE",
	"for each row of a file, CSV or JSON lines"},
    {"once", OPTION_FLAG, 0, NULL, NULL,
	"answer with what was issued for this, if it was"},
    {"device", OPTION_TEXT, 0, NULL, "NAME", "for this device"},
    {"fleet", OPTION_TEXT, 0, NULL, "NAME", "the device's fleet"},
    {"set", OPTION_SET, MANY, NULL, "FIELD=VALUE", "a field for the profile"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE",
	"certificate (PEM) to FILE; of a batch: a folder"},
    END,
};
static const struct option_spec EXPLAIN[] = {
    {"fleet", OPTION_TEXT, 0, NULL, "F", "as if enrolling in this fleet"},
    {"profile", OPTION_TEXT, 0, NULL, "P", "as if by \"inkan issue\""},
    {"csr", OPTION_CSR, 0, NULL, "FILE", "request, PEM or DER; - is stdin"},
    {"request", OPTION_TEXT, LOCAL, NULL, "FILE",
	"as a client sent it, with or without head"},
    {"cert", OPTION_CHAIN, 0, "chain", "FILE",
	"the client's certificate and its chain, PEM"},
    {"user", OPTION_TEXT, 0, NULL, "U", "as if U gave the right secret"},
    {"device", OPTION_TEXT, 0, NULL, "NAME", "for this device"},
    {"renew", OPTION_FLAG, 0, NULL, NULL, "as if by simplereenroll"},
    {"keygen", OPTION_FLAG, 0, NULL, NULL, "as if by serverkeygen"},
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
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "of this CA (all its generations, or -gN)"},
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
    BREAK_GLASS,
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
static const struct option_spec OCSP_PLAN[] = {
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "CA; else each that issues"},
    {"fleet-size", OPTION_INT, 0, "fleet_size", "N",
	"so many certificates in use"},
    {"validity", OPTION_DURATION, 0, NULL, "T", "of an answer: 1h"},
    {"refresh", OPTION_DURATION, 0, NULL, "T",
	"before its end an answer is replaced: 15m"},
    {"rate", OPTION_INT, 0, NULL, "N", "signatures a second of the token"},
    {"hashes", OPTION_INT, 0, NULL, "N",
	"2: asked by SHA-1 and SHA-256, one answer each"},
    END,
};
static const struct option_spec CAMPAIGN[] = {
    {"id", OPTION_INT, REQ, NULL, "ID", "its number"},
    END,
};

/* Columns of rows. */

static const char *const CAMPAIGN_COLUMNS[] = {"id", "state", "total", "done",
    "skipped", "left", "reason", "created", "author", "where", NULL};
static const char *const EXPLAIN_COLUMNS[] = {
    "stage", "verdict", "rule", "field", "text", NULL};
static const char *const PLAN_COLUMNS[] = {"choice", "fits", "entries",
    "octets", "octets_day", "signatures_day", "seconds_day", "why", NULL};

static const char *const OCSP_COLUMNS[] = {"issuer", "certs", "validity",
    "signatures_day", "signatures_second", "budget", "token_rate", "percent",
    "fits", "rate_is", NULL};

const struct command commands_cert[] = {
    {.words = "issue",
	.run = run_issue,
	.options = ISSUE,
	.help = "Issue a certificate and print it",
	.more = "One of --csr, --batch. Columns of a batch: profile, fleet, "
		"device, csr\n(file or PEM), out; others are --set."},
    {.words = "explain",
	.op = "explain",
	.run = run_explain,
	.options = EXPLAIN,
	.columns = EXPLAIN_COLUMNS,
	.rows = "stages",
	.help = "Tell what would become of a request; issue nothing",
	.more = "One of --csr, --request. A --request with a head names the "
		"fleet by its path.\nExit status 0 only if a certificate "
		"would be issued."},
    {.words = "revoke",
	.run = run_revoke,
	.options = run_revoke_options,
	.help = "Revoke or hold certificates",
	.more = "One of --serial, --device, --spki, --key, --where, --resume, "
		"--abort."},
    {.words = "campaign list",
	.op = "campaign.list",
	.run = run_list,
	.options = commands_pages,
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
	.columns = commands_cert_columns,
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
	.columns = commands_crl_columns,
	.help = "Issue and publish CRLs now"},
    {.words = "crl show",
	.op = "crl.show",
	.run = run_crl_show,
	.options = CRL_SHOW,
	.positional = "issuer",
	.columns = commands_crl_columns,
	.help = "Show the newest CRL of a CA, or of all"},
    {.words = "crl shards",
	.op = "crl.shards",
	.run = run_list,
	.options = CRL_SHARDS,
	.columns = commands_crl_columns,
	.help = "Partition the CRL of a CA that has issued nothing yet"},
    {.words = "crl plan",
	.op = "crl.plan",
	.run = run_object,
	.options = CRL_PLAN,
	.columns = PLAN_COLUMNS,
	.rows = "choices",
	.help = "Forecast what CRLs, shards, short lives and OCSP cost"},
    {.words = "ocsp plan",
	.op = "ocsp.plan",
	.run = run_list,
	.options = OCSP_PLAN,
	.columns = OCSP_COLUMNS,
	.help = "Signatures a day of OCSP answers, against the token's rate"},
    {.words = NULL},
};
