# Inkan. `make`, `make check`, `make bench`, `make install DESTDIR= PREFIX=`.
# A program's list of parts and libraries is its list of powers: what is not
# named on its line is not in its address space (tests/layers.sh checks).

PREFIX  ?= /usr/local
BUILD   ?= build
CC      ?= gcc
PKG     ?= pkg-config
CFLAGS  ?= -O2 -g
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)

HARDEN  := -fstack-protector-strong -fstack-clash-protection -fPIE
# The same bytes wherever the tree lies (tests/integration/reproducible.sh).
HARDEN  += -ffile-prefix-map=$(CURDIR)=.
WARN    := -std=c11 -Wall -Wextra -Wshadow -Wstrict-prototypes \
	   -Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wvla
VERSION := 0.1.0
CPPFLAGS += -I. -D_GNU_SOURCE -DINKAN_VERSION='"$(VERSION)"' -DOPENSSL_NO_DEPRECATED \
	   -DOPENSSL_API_COMPAT=30000
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack

# Build variants live in folders of their own.
ifneq ($(SAN),)
comma   := ,
override BUILD := $(BUILD)/san-$(subst $(comma),-,$(SAN))
SANFLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
else
CPPFLAGS += -D_FORTIFY_SOURCE=2
endif
ifneq ($(FAULTS),)
override BUILD := $(BUILD)/faults
CPPFLAGS += -DINKAN_FAULTS
endif

ifeq ($(filter clean,$(MAKECMDGOALS)),)
P11     := $(shell $(PKG) --cflags p11-kit-1)
endif
CPPFLAGS += $(P11)

L_crypto := -lcrypto
L_ssl    := -lssl -lcrypto
L_p11    := -lp11-kit
L_conf   := -lconfig
L_sql    := -lsqlite3
L_json   := -ljansson
L_event  := -levent_openssl -levent_pthreads -levent
L_mhd    := -lmicrohttpd
L_scmp   := -lseccomp
L_attest := -ltss2-mu -lcbor $(L_json)

# A part is a folder; its archive holds every file in it but the mains.
PARTS   := hsm profiles/lint profiles ca/report ca/confine ca/wire ca/shape ca/status ca/log ca/transcript ca/store ca/audit ca/merge ca/engine ca/cli \
	   ra/attest ra ocsp
objs     = $(patsubst %.c,$(BUILD)/o/%.o,$(filter-out %/inkan.c \
	   $(wildcard $(1)/inkan-*.c),$(sort $(wildcard $(1)/*.c))))
lib      = $(foreach p,$(1),$(BUILD)/lib/$(subst /,-,$(p)).a)

PROGRAMS := inkan inkan-ca inkan-ra inkan-ocsp inkan-ceremony inkan-verifier

# program: main file | parts | libraries
MAIN_inkan          := ca/inkan.c
PARTS_inkan         := ca/cli ca/merge ca/audit ca/store ca/transcript ca/log ca/shape ca/wire ca/report profiles profiles/lint hsm
LIBS_inkan          := $(L_crypto) $(L_p11) $(L_conf) $(L_sql) $(L_json)
MAIN_inkan-ca       := ca/inkan-ca.c
PARTS_inkan-ca      := ca/engine ca/confine ca/store ca/log ca/status ca/shape ca/wire ca/report profiles profiles/lint hsm
LIBS_inkan-ca       := $(L_crypto) $(L_p11) $(L_conf) $(L_sql) $(L_scmp)
MAIN_inkan-ceremony := ca/inkan-ceremony.c
PARTS_inkan-ceremony := $(PARTS_inkan-ca) ca/transcript
LIBS_inkan-ceremony := $(LIBS_inkan-ca)
MAIN_inkan-ra       := ra/inkan-ra.c
PARTS_inkan-ra      := ra ca/confine ca/shape ca/wire ca/report profiles profiles/lint
LIBS_inkan-ra       := $(L_ssl) $(L_event) $(L_conf) $(L_json) $(L_scmp)
MAIN_inkan-verifier  := ra/attest/inkan-verifier.c
PARTS_inkan-verifier := ra/attest ca/confine ca/wire ca/report profiles
LIBS_inkan-verifier  := $(L_crypto) $(L_attest) $(L_conf) $(L_scmp)
MAIN_inkan-ocsp     := ocsp/inkan-ocsp.c
PARTS_inkan-ocsp    := ocsp ca/confine ca/status ca/log ca/wire ca/report profiles profiles/lint hsm
LIBS_inkan-ocsp     := $(L_crypto) $(L_p11) $(L_sql) $(L_mhd) $(L_conf) $(L_scmp)

BINS    := $(addprefix $(BUILD)/,$(PROGRAMS))
all: $(BINS)

define program
$(BUILD)/$(1): $(BUILD)/o/$(MAIN_$(1):.c=.o) $(call lib,$(PARTS_$(1)))
	@echo "  LD    $$@"
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $$@ $$< -Wl,--start-group \
	    $(call lib,$(PARTS_$(1))) -Wl,--end-group -pthread $(LIBS_$(1))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

define part
$(call lib,$(1)): $(call objs,$(1))
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && ar rcsD $$@ $$^
endef
$(foreach p,$(PARTS),$(eval $(call part,$(p))))

$(BUILD)/o/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(HARDEN) $(WARN) $(SANFLAGS) -pthread \
	    -MMD -MP -c -o $@ $<

# Unit tests: tests/unit/<part>/<file>_test.c, one per source file.
UNIT    := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard \
	   tests/unit/*/*_test.c tests/unit/*/*/*_test.c))
# Each is linked with its part and the parts below it, as its program is.
CA_PARTS := ca/cli ca/merge ca/audit ca/engine ca/confine ca/store ca/transcript ca/log ca/status ca/shape ca/wire ca/report profiles profiles/lint hsm
TEST_hsm      := hsm
TEST_profiles := profiles profiles/lint
TEST_ca       := $(CA_PARTS)
TEST_ra       := ra/attest $(PARTS_inkan-ra)
TEST_ocsp     := $(PARTS_inkan-ocsp)
ALLLIBS := -lcmocka -lssl -lcrypto $(L_p11) $(L_conf) $(L_sql) $(L_json) \
	   $(L_event) $(L_mhd) $(L_scmp) $(L_attest)

define unit_test
$(BUILD)/tests/unit/$(1)/%: $(BUILD)/o/tests/unit/$(1)/%.o \
    $(call lib,$(TEST_$(1)))
	@mkdir -p $$(@D)
	@echo "  LD    $$@"
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $$@ $$< -Wl,--start-group \
	    $(call lib,$(TEST_$(1))) -Wl,--end-group -pthread -Wl,--as-needed \
	    $(ALLLIBS)
endef
$(foreach p,hsm profiles ca ra ocsp,$(eval $(call unit_test,$(p))))
# Those that ask the verifier itself.
$(addprefix $(BUILD)/tests/unit/ca/engine/,verifier_test ops_evidence_test \
    ops_policy_test ops_status_evidence_test): | $(BUILD)/inkan-verifier

# The PKCS#11 module that fails on command (tests/faults/p11fault.h).
P11FAULT := $(BUILD)/tests/p11fault.so
$(P11FAULT): $(wildcard tests/faults/*.c tests/faults/*.h) Makefile
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -fPIC -shared -pthread \
	    -fvisibility=hidden -o $@ $(filter %.c,$^) -ldl
p11fault: $(P11FAULT)
# The library that fails calls on files, and the clients that bear what is killed
# (tests/faults/disk/fault.h, tests/faults/clients/clients.h).
DISKFAULT := $(BUILD)/tests/diskfault.so
KILLED := $(BUILD)/tests/clients
$(DISKFAULT): $(wildcard tests/faults/disk/*.c tests/faults/disk/*.h) Makefile
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -fPIC -shared -pthread \
	    -fvisibility=hidden -o $@ $(filter %.c,$^) -ldl
$(KILLED): $(patsubst %.c,$(BUILD)/o/%.o,$(wildcard tests/faults/clients/*.c))
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $@ $^ -pthread -lssl \
	    -lcrypto
diskfault: $(DISKFAULT) $(KILLED)

# What a program cannot do, tried from within it (tests/integration/powers.sh).
PROBE   := $(BUILD)/tests/probe.so
$(PROBE): tests/powers/probe.c Makefile
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -fPIC -shared -o $@ $<
ASK     := $(BUILD)/tests/ask
$(ASK): $(BUILD)/o/tests/powers/ask.o $(call lib,ca/wire profiles)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $@ $< $(call lib,ca/wire \
	    profiles) -pthread $(L_crypto)
probe: $(PROBE) $(ASK)

unit: $(UNIT) $(P11FAULT) $(DISKFAULT) $(KILLED) $(PROBE) $(ASK)
# Programs with fault points, for tests/integration/crash.sh, ceremony_resume.sh.
faults:
	+$(Q)$(if $(SAN),:,$(MAKE) --no-print-directory FAULTS=1 \
	    BUILD=$(abspath $(BUILD)) $(abspath $(BUILD))/faults/inkan-ca \
	    $(abspath $(BUILD))/faults/inkan-ceremony)
check: all unit faults fuzzers $(BUILD)/bench/enrol
	$(Q)BUILD=$(BUILD) SAN=$(SAN) tests/run

# The bench: programs over the same parts. tests/bench/issue.c drops what goes
# to the store.
BENCH   := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
WRAP_issue := -Wl,--wrap=store_write,--wrap=store_read

$(BUILD)/bench/%: $(BUILD)/o/tests/bench/%.o $(call lib,$(CA_PARTS))
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) $(WRAP_$*) -o $@ $< \
	    -Wl,--start-group $(call lib,$(CA_PARTS)) -Wl,--end-group -pthread \
	    -Wl,--as-needed $(ALLLIBS)

bench: all $(BENCH) $(P11FAULT)
	$(Q)BUILD=$(BUILD) FULL=$(FULL) ONLY="$(ONLY)" tests/bench/run

# Fuzz targets (docs/fuzz.md): tests/fuzz/<name>_fuzz.c, linked with the parts of
# the program that their name begins with, else with those of inkan-ca. Linked
# with replay.c each is a program that runs its corpus and changed copies of it;
# with SAN=fuzzer-no-link,... and clang it is one of libFuzzer's, with AFL=1 and
# afl-clang-fast one of AFL++'s.
FUZZERS := $(patsubst tests/fuzz/%_fuzz.c,$(BUILD)/fuzz/%,$(wildcard \
	   tests/fuzz/*_fuzz.c))
FUZZ_LIB := $(if $(AFL)$(findstring fuzzer,$(SAN)),-fsanitize=fuzzer)
FUZZ_MAIN := $(if $(FUZZ_LIB),,$(BUILD)/o/tests/fuzz/replay.o)

define fuzzer
$(BUILD)/fuzz/$(1)%: $(BUILD)/o/tests/fuzz/$(1)%_fuzz.o $(FUZZ_MAIN) \
    $(call lib,$(2))
	@mkdir -p $$(@D)
	@echo "  LD    $$@"
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(FUZZ_LIB) $(LDFLAGS) -o $$@ $$< \
	    $(FUZZ_MAIN) -Wl,--start-group $(call lib,$(2)) -Wl,--end-group \
	    -pthread -Wl,--as-needed $(ALLLIBS)
endef
# ra/attest reads evidence, in a program of its own.
PARTS_attest := ra/attest profiles
$(eval $(call fuzzer,attest_,$(PARTS_attest)))
$(eval $(call fuzzer,ra_,$(PARTS_inkan-ra)))
$(eval $(call fuzzer,ocsp_,$(PARTS_inkan-ocsp)))
$(eval $(call fuzzer,,$(CA_PARTS)))

fuzzers: $(FUZZERS)
fuzz:
	$(Q)T=$(or $(T),10) BUILD=$(BUILD) AFL=$(AFL) UNTIL=$(UNTIL) \
	    WORKERS=$(WORKERS) REACHED=$(REACHED) tests/fuzz/run $(ONLY)

# What a stranger asks before he installs: judgements by tools (docs/fuzz.md),
# and what the programs are linked with (SPDX).
SOURCES := $(sort $(wildcard $(addsuffix /*.c,$(PARTS) ca)))
tidy analyze: export CPPFLAGS := $(CPPFLAGS)
tidy:
	$(Q)scripts/tidy $(or $(ONLY),$(SOURCES))
analyze:
	$(Q)CC='$(CC)' scripts/analyze $(or $(ONLY),$(SOURCES))
sbom: all
	$(Q)BUILD=$(BUILD) VERSION=$(VERSION) scripts/sbom \
	    >$(BUILD)/inkan.spdx.json
	@echo "  SBOM  $(BUILD)/inkan.spdx.json"

# Hours: every long form, the sanitizers, valgrind, the fuzzers, the judgements;
# with STEPS those alone (tests/long).
check-long: all unit faults fuzzers
	+$(Q)BUILD=$(BUILD) MAKE='$(MAKE) --no-print-directory' T=$(or $(T),60) \
	    tests/long $(STEPS)

TO = $(DESTDIR)$(PREFIX)
install: all
	install -d "$(TO)/bin" "$(TO)/sbin" "$(TO)/share/inkan/profiles" \
	    "$(TO)/lib/systemd/system"
	install -m 755 $(BUILD)/inkan "$(TO)/bin/"
	install -m 755 $(addprefix $(BUILD)/,$(filter-out inkan,$(PROGRAMS))) \
	    "$(TO)/sbin/"
	install -m 644 profiles/shipped/*.conf "$(TO)/share/inkan/profiles/"
	install -m 644 scripts/policy/operators.conf "$(TO)/share/inkan/"
	install -m 644 scripts/units/*.service scripts/units/*.socket \
	    scripts/units/*.timer "$(TO)/lib/systemd/system/"
	sed -i 's|/usr/sbin/inkan|$(PREFIX)/sbin/inkan|' \
	    "$(TO)"/lib/systemd/system/inkan-*.service
	set -e; for s in 1 5 7 8; do \
	    install -d "$(TO)/share/man/man$$s"; \
	    for f in docs/man/*.$$s; do [ ! -f $$f ] || install -m 644 $$f \
	        "$(TO)/share/man/man$$s/"; done; done

clean:
	rm -rf $(BUILD)

.PHONY: all unit p11fault diskfault probe faults check check-long bench fuzz \
    fuzzers tidy analyze sbom install clean
.SECONDARY:
-include $(shell find $(BUILD)/o -name '*.d' 2>/dev/null)
