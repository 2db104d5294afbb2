#include "ca/cli/commands.h"
#include "ca/cli/run.h"

/* Commands: policy versions, profiles, and what judges by them. */

/* Options. */

static const struct option_spec ACTIVATE[] = {
    {"note", OPTION_TEXT, 0, NULL, "TEXT", "why, for the record"},
    {"unchecked", OPTION_FLAG, 0, NULL, NULL,
	"also while inkan-verifier cannot be asked to read it"},
    END,
};
static const struct option_spec POLICY_SHOW[] = {
    {"version", OPTION_INT, 0, NULL, "N", "not the active one but this"},
    {"path", OPTION_TEXT, 0, NULL, "FILE", "print this file of it"},
    END,
};
static const struct option_spec PROFILE_SHOW[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME|FILE",
	"active profile, or a file (with a slash, or *.conf)"},
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

/* Columns of rows. */

static const char *const DIFF_COLUMNS[] = {"change", "path", "detail", NULL};
static const char *const POLICY_COLUMNS[] = {"path", "size", "sha256", NULL};
static const char *const PROFILE_COLUMNS[] = {
    "name", "class", "issuer", "issued_by", "description", NULL};
static const char *const REPLAY_COLUMNS[] = {
    "serial", "device", "verdict", "what", "was", "now", NULL};

const struct command commands_policy[] = {
    {.words = "policy diff",
	.op = "policy.diff",
	.run = run_policy_diff,
	.options = commands_none,
	.columns = DIFF_COLUMNS,
	.rows = "changes",
	.help = "Compare the policy files with the active version"},
    {.words = "policy check",
	.op = "policy.check",
	.run = run_object,
	.options = commands_none,
	.help = "Would the policy files be activated?"},
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
    {.words = NULL},
};

const struct command commands_profile[] = {
    {.words = "profile list",
	.op = "profile.list",
	.run = run_list,
	.options = commands_none,
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
    {.words = NULL},
};
