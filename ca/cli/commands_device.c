#include "ca/cli/commands.h"
#include "ca/cli/run.h"

/* Commands: devices, their fleets, and the secrets that let them in. */

/* Options. */

static const struct option_spec DEVICE_ADD[] = {
    {"fleet", OPTION_TEXT, REQ, NULL, "F", "fleet"},
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "name in the fleet"},
    {"serial", OPTION_TEXT, 0, NULL, "S", "the maker's serial number"},
    {"key", OPTION_KEY, 0, NULL, "FILE",
	"its only key: that of a public key, certificate or CSR"},
    {"set", OPTION_SET, MANY, NULL, "FIELD=VALUE", "a field for the profile"},
    END,
};
static const struct option_spec DEVICE_IMPORT[] = {
    {"file", OPTION_TEXT, REQ | LOCAL, NULL, "FILE", "CSV or JSON lines"},
    {"fleet", OPTION_TEXT, LOCAL, NULL, "F", "of rows that name none"},
    {"dry-run", OPTION_FLAG, LOCAL, NULL, NULL, "look, and write nothing"},
    {"keep-going", OPTION_FLAG, LOCAL, NULL, NULL,
	"leave out the rows that are refused"},
    {"report", OPTION_TEXT, LOCAL, NULL, "FILE", "refused rows to FILE"},
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
static const struct option_spec DEVICE_SET[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "device"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "fleet, if the name is in several"},
    {"set", OPTION_SET, MANY, NULL, "FIELD=VALUE",
	"a field for the profile; FIELD= takes it away"},
    {"serial", OPTION_TEXT, 0, NULL, "S", "the maker's serial number"},
    {"late-renewal", OPTION_TEXT, 0, "late_renewal", "yes|no",
	"may it renew after its certificate's end"},
    END,
};
static const struct option_spec DEVICE_REVOKE[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "device"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "fleet, if the name is in several"},
    {"reason", OPTION_REASON, 0, NULL, "R", "RFC 5280 name"},
    {"invalidity-date", OPTION_TIME, 0, "invalidity_date", "TIME",
	"since when they were not to be trusted"},
    BREAK_GLASS,
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
static const struct option_spec NAME[] = {
    {"name", OPTION_TEXT, REQ, NULL, "NAME", "its name"},
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

/* Columns of rows. */

static const char *const DEVICE_COLUMNS[] = {
    "fleet", "name", "state", "serial", "created", "note", "fields", NULL};
static const char *const FLEET_COLUMNS[] = {"name", "label", "default",
    "profile", "registration", "re_enrol", "pop_link", "devices", NULL};
static const char *const SECRET_COLUMNS[] = {"user", "fleets", "device",
    "reusable", "revoked", "expires", "used_at", NULL};

const struct command commands_device[] = {
    {.words = "device add",
	.op = "device.add",
	.run = run_object,
	.options = DEVICE_ADD,
	.help = "Register a device"},
    {.words = "device import",
	.run = run_import,
	.options = DEVICE_IMPORT,
	.positional = "file",
	.help = "Register the devices of a file",
	.more = "Columns: fleet, name, serial, key (PEM), key_sha256; others "
		"are fields."},
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
	.columns = commands_cert_columns,
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
    {.words = "device set",
	.op = "device.set",
	.run = run_object,
	.options = DEVICE_SET,
	.positional = "name",
	.help = "Change what the registry says of a device"},
    {.words = "device revoke",
	.op = "device.revoke",
	.run = run_list,
	.options = DEVICE_REVOKE,
	.positional = "name",
	.columns = commands_cert_columns,
	.help = "Disable a device and revoke its certificates"},
    {.words = "device retire",
	.op = "device.retire",
	.run = run_object,
	.options = DEVICE_RETIRE,
	.positional = "name",
	.columns = commands_cert_columns,
	.rows = "certificates",
	.help = "Take a device out of service for good"},
    {.words = "device replace",
	.op = "device.replace",
	.run = run_object,
	.options = DEVICE_REPLACE,
	.positional = "name",
	.columns = commands_cert_columns,
	.rows = "certificates",
	.help = "Put a new device in the place of one"},
    {.words = "device transfer",
	.op = "device.transfer",
	.run = run_object,
	.options = DEVICE_TRANSFER,
	.positional = "name",
	.columns = commands_cert_columns,
	.rows = "certificates",
	.help = "Hand a device on to another fleet"},
    {.words = "fleet list",
	.op = "fleet.list",
	.run = run_list,
	.options = commands_none,
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
	.options = commands_pages,
	.paging = COMMAND_CURSOR,
	.columns = SECRET_COLUMNS,
	.help = "List secrets"},
    {.words = "secret revoke",
	.op = "secret.revoke",
	.run = run_object,
	.options = USER,
	.positional = "user",
	.help = "Revoke a secret"},
    {.words = NULL},
};
