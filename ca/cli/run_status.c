#include <string.h>
#include "ca/cli/client.h"
#include "ca/cli/format.h"
#include "ca/cli/run.h"
#include "ca/error.h"

#define NAME_MAX_WIDTH 40 /* a longer name does not widen its column */

/* How the instance is. */

static const struct section {
	const char *prefix; /* of the check's name, with its colon */
	const char *title;
} SECTIONS[] = {
    {"", "Instance"}, /* names without a colon, and unknown ones */
    {"ca:", "Issuing CAs"},
    {"crl:", "CRLs"},
    {"ocsp:", "OCSP responders"},
    {"service:", "Certificates of our services"},
    {"maker:", "Manufacturers' CRLs"},
};

#define N_SECTIONS (sizeof(SECTIONS) / sizeof(SECTIONS[0]))

static size_t
section_of(const char *check)
{
	size_t i;

	for (i = N_SECTIONS - 1; i > 0; i--)
		if (strncmp(check, SECTIONS[i].prefix,
			strlen(SECTIONS[i].prefix)) == 0)
			break;
	return i;
}

static const char *
mark(const char *level)
{
	return strcmp(level, "ok") == 0	 ? "ok  "
	    : strcmp(level, "warn") == 0 ? "WARN"
					 : "FAIL";
}

/* " (until 2026-11-28T07:00:00Z, 7 days)" */
static void
print_until(const struct cli *cli, int64_t expires)
{
	char buf[FORMAT_TIME_MAX];
	int64_t left = expires - (int64_t)cli->now;

	if (expires == 0)
		return;
	fprintf(cli->out, " (until %s", format_time(expires, buf));
	if (left >= 2 * 86400)
		fprintf(cli->out, ", %lld days", (long long)(left / 86400));
	else if (left >= 0)
		fprintf(cli->out, ", %lld h", (long long)(left / 3600));
	fputc(')', cli->out);
}

static void
print_check(
    const struct cli *cli, const WIRE_FIELDS *row, size_t skip, int width)
{
	char name[FORMAT_MAX], text[FORMAT_MAX];

	format_field(field_find(row, "check", 0), name);
	format_field(field_find(row, "text", 0), text);
	fprintf(cli->out, "  %s  %-*s  %s", mark(field_text(row, "level", "")),
	    width, name + skip, text);
	print_until(cli, field_time(row, "expires", 0));
	fputc('\n', cli->out);
}

static void
print_section(const struct cli *cli, const WIRE_ANSWER *a, size_t section)
{
	size_t i, n, skip = strlen(SECTIONS[section].prefix);
	const char *check;
	int width = 0, first = 1;

	for (i = 0; i < message_n_rows(a); i++) {
		check = field_text(message_row(a, i), "check", "");
		if (section_of(check) != section)
			continue;
		n = format_width(check) - skip;
		if (n < NAME_MAX_WIDTH && (int)n > width)
			width = (int)n;
	}
	for (i = 0; i < message_n_rows(a); i++) {
		check = field_text(message_row(a, i), "check", "");
		if (section_of(check) != section)
			continue;
		if (first)
			fprintf(cli->out, "%s\n", SECTIONS[section].title);
		first = 0;
		print_check(cli, message_row(a, i), skip, width);
	}
}

/* "fail: crl:devices-g1 has run out; warn: disk ..." in one line. */
static void
print_line(const struct cli *cli, const WIRE_ANSWER *a)
{
	static const char *const ORDER[] = {"fail", "warn"};
	char name[FORMAT_MAX], text[FORMAT_MAX];
	const WIRE_FIELDS *row;
	size_t l, i, n = 0;

	for (l = 0; l < 2; l++)
		for (i = 0; i < message_n_rows(a); i++) {
			row = message_row(a, i);
			if (strcmp(field_text(row, "level", ""), ORDER[l]) != 0)
				continue;
			fprintf(cli->out, "%s%s: %s: %s", n++ == 0 ? "" : "; ",
			    ORDER[l],
			    format_field(field_find(row, "check", 0), name),
			    format_field(field_find(row, "text", 0), text));
		}
	if (n == 0)
		fprintf(cli->out, "ok: %zu checks", message_n_rows(a));
	fputc('\n', cli->out);
}

int
run_status(struct cli *cli, const struct command *cmd, const struct options *o)
{
	int check = option_has(o, "check"), status = CLI_DONE;
	WIRE_ANSWER *a;
	size_t i;

	if ((a = run_call(cli, cmd, o)) == NULL) {
		if (check && !cli->json)
			fputs("fail: inkan-ca does not answer\n", cli->out);
		return CLI_FAILED;
	}
	if (cli->json)
		status = run_print_json(cli, cmd, a);
	else if (check)
		print_line(cli, a);
	else {
		format_show(cli->out, a->values, NULL);
		for (i = 0; i < N_SECTIONS; i++)
			print_section(cli, a, i);
	}
	if (check && strcmp(field_text(a->values, "level", "fail"), "ok") != 0)
		status = CLI_FAILED;
	WIRE_ANSWER_free(a);
	return status;
}
