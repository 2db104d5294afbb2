#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "hsm/error.h"
#include "profiles/error.h"
#include "ca/engine/outcome.h"

/* The one place that maps reasons to what a client is told. */
static const struct {
	int reason;
	enum wire_status status;
	int64_t retry_after;
	const char *rule, *words; /* instead of ours; NULL: ours are said */
} CLASSES[] = {
    {CA_E_BADREQUEST, WIRE_BADREQUEST, 0, NULL, NULL},
    {CA_E_UNAUTHENTICATED, WIRE_UNAUTHENTICATED, 0, NULL, NULL},
    {CA_E_DENIED, WIRE_DENIED, 0, NULL, NULL},
    {CA_E_NOTFOUND, WIRE_NOTFOUND, 0, NULL, NULL},
    {CA_E_PENDING, WIRE_PENDING, 60, NULL, NULL},
    {CA_E_LIMITED, WIRE_LIMITED, 60, NULL, NULL},
    {CA_E_BUSY, WIRE_UNAVAILABLE, 2, NULL, NULL},
    {CA_E_STORE, WIRE_UNAVAILABLE, 30, "store", "the store cannot be used now"},
    {CA_E_SIGN, WIRE_UNAVAILABLE, 30, "sign", "nothing can be signed now"},
    {CA_E_STOPPED, WIRE_UNAVAILABLE, 60, "stopped", "issuing is stopped"},
    {CA_E_CONFIG, WIRE_BADREQUEST, 0, NULL, NULL},
    {CA_E_INTERNAL, WIRE_INTERNAL, 0, "internal", "internal error"},
    {PROFILE_E_CONFIG, WIRE_BADREQUEST, 0, NULL, NULL},
    {PROFILE_E_BADREQUEST, WIRE_BADREQUEST, 0, NULL, NULL},
    {PROFILE_E_REFUSED, WIRE_DENIED, 0, NULL, NULL},
    {PROFILE_E_NONCONFORM, WIRE_INTERNAL, 0, NULL,
	"the certificate would break its profile or its standard"},
    {PROFILE_E_INTERNAL, WIRE_INTERNAL, 0, "internal", "internal error"},
};

#define N_CLASSES (sizeof(CLASSES) / sizeof(CLASSES[0]))
#define HSM_FIRST 100
#define HSM_LAST 199

void
outcome_init(struct outcome *o)
{
	memset(o, 0, sizeof(*o));
	o->status = WIRE_OK;
}

/* Octets of the UTF-8 character at ${p}; 0 when it is none. */
static size_t
utf8_len(const unsigned char *p)
{
	size_t i, n;

	n = p[0] < 0x80			  ? 1
	    : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
	    : (p[0] & 0xf0) == 0xe0	  ? 3
	    : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
					  : 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* One printable line of UTF-8: names from outside stand in our texts, and a
   text may have been cut in the middle of a character. */
static void
make_line(char *text)
{
	unsigned char *p = (unsigned char *)text;
	size_t n;

	while (*p != '\0') {
		n = utf8_len(p);
		if (n == 0 || *p < 0x20 || *p == 0x7f) {
			*p = '?';
			n = 1;
		}
		p += n;
	}
}

static void
set(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text == NULL ? "" : text);
	make_line(out);
}

const char *
outcome_party(const struct outcome *o)
{
	return o->shown[0] != '\0' ? o->shown : o->who;
}

int
outcome_refuse(struct outcome *o, enum wire_status status, const char *stage,
    const char *rule, const char *field, const char *fmt, ...)
{
	va_list ap;

	o->status = status;
	set(o->stage, sizeof(o->stage), stage);
	set(o->rule, sizeof(o->rule), rule);
	set(o->field, sizeof(o->field), field);
	va_start(ap, fmt);
	vsnprintf(o->text, sizeof(o->text), fmt, ap);
	va_end(ap);
	make_line(o->text);
	return 0;
}

/* "renew.window: not before ..." gives rule and text; a text without a rule
   stays whole. */
static void
split(struct outcome *o, const char *text)
{
	const char *colon = strstr(text, ": ");
	size_t n = colon == NULL ? 0 : (size_t)(colon - text);

	if (n == 0 || n >= sizeof(o->rule) || strcspn(text, " \"/") < n) {
		set(o->text, sizeof(o->text), text);
		return;
	}
	memcpy(o->rule, text, n);
	o->rule[n] = '\0';
	make_line(o->rule);
	set(o->text, sizeof(o->text), colon + 2);
}

/* The fields that rules judge where only a text tells of the refusal (the
   guard, the operations); the stages name theirs. "x." means all that begin so. */
static const struct {
	const char *rule, *field;
} FIELDS[] = {
    {"key", "csr.key"},
    {"key.", "csr.key"},
    /* Rules that are a field's own: "csr.san", "subject.CN". */
    {"csr.", NULL},
    {"subject.", NULL},
    {"san.", NULL},
    {"name.constraints", "csr.san"},
    {"attest.pinned-key", "csr.key"},
    {"renew.successor", "csr.key"},
    {"renew.busy", "csr.key"},
    {"renew.late-consent", "device"},
    {"certificate.", "tls.certificate"},
    {"device.", "device"},
    {"fleet.", "to"},
    {"station.used", "device"},
    {"station.", "tls.certificate"},
    {"limits.per_device_hour", "device"},
    {"limits.per_day", "label"},
    {"re_enrol", "device"},
    {"own.proof", "proof"},
    {"own.", "current"},
    {"revoke.reason", "reason"},
    {"revoke.hold", "reason"},
    {"revoke.invalidity", "invalidity_date"},
    {"revoke.", "serial"},
    {"where.", "where"},
    {"approval.", "id"},
    {"approve.max_waiting", "label"},
    {"approve.", "device"},
    {"policy.changed", "files"},
    {"campaign.reason", "reason"},
    {"campaign.stage", "stage"},
    {"campaign.pause", "pause"},
    {"campaign.", "id"},
    {"release.", "serial"},
    {"resume.confirm_time", "confirm_time"},
    {"request.subject", "set"},
    {"request.key_type", "key_type"},
    {"request.http_url", "http_url"},
    {"request.crl_lifetime", "crl_lifetime"},
    {"request.crl_interval", "crl_interval"},
    {"request.crl_shards", "crl_shards"},
    {"request.path_len", "path_len"},
    {"request.generation", "generation"},
    {"request.", "name"},
    {"import.chain", "chain"},
    {"import.", "cert"},
    {"path.length", "cert"},
};

/* "registry.svn: not an integer": a declared extension names the field. */
static void
field_of_extension(struct outcome *o)
{
	const char *colon = strstr(o->text, ": ");

	if (colon != NULL && strncmp(o->rule, "extension.", 10) == 0)
		snprintf(o->field, sizeof(o->field), "%.*s",
		    (int)(colon - o->text), o->text);
}

static void
set_field(struct outcome *o)
{
	size_t i, n;

	field_of_extension(o);
	for (i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
		n = strlen(FIELDS[i].rule);
		if (FIELDS[i].rule[n - 1] == '.' ?
		    strncmp(o->rule, FIELDS[i].rule, n) == 0 :
		    strcmp(o->rule, FIELDS[i].rule) == 0) {
			set(o->field, sizeof(o->field),
			    FIELDS[i].field != NULL ? FIELDS[i].field
						    : o->rule);
			return;
		}
	}
}

static void
classify(struct outcome *o, int reason, const char *text)
{
	size_t i;

	for (i = 0; i < N_CLASSES; i++)
		if (CLASSES[i].reason == reason)
			break;
	if (i == N_CLASSES) {
		o->status = reason >= HSM_FIRST && reason <= HSM_LAST
		    ? WIRE_UNAVAILABLE
		    : WIRE_INTERNAL;
		o->retry_after = o->status == WIRE_UNAVAILABLE ? 30 : 0;
		set(o->text, sizeof(o->text),
		    o->retry_after > 0 ? "nothing can be signed now"
				       : "internal error");
		return;
	}
	o->status = CLASSES[i].status;
	o->retry_after = CLASSES[i].retry_after;
	if (reason == PROFILE_E_CONFIG || reason == CA_E_CONFIG)
		set(o->text, sizeof(o->text), text);
	else if (CLASSES[i].words == NULL || reason == PROFILE_E_NONCONFORM)
		split(o, text);
	if (CLASSES[i].rule != NULL)
		set(o->rule, sizeof(o->rule), CLASSES[i].rule);
	if (CLASSES[i].words != NULL)
		set(o->text, sizeof(o->text), CLASSES[i].words);
}

int
outcome_from_errors(struct outcome *o, const char *stage)
{
	int reason = report_last_reason();
	char text[1024] = "";

	if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_USER)
		report_last_text(text, sizeof(text));
	set(o->stage, sizeof(o->stage), stage);
	o->rule[0] = o->field[0] = o->text[0] = '\0';
	o->retry_after = 0;
	classify(o, reason, text);
	set_field(o);
	if (o->text[0] == '\0')
		set(o->text, sizeof(o->text), message_status_name(o->status));
	return 0;
}
