# make            builds build/mandate
# make run        takes stock of this machine and of a sample organisation, and serves both
# make test       runs every suite, ends with "N passed, N failed"
# make test-long  what takes hours: fuzzing, thousands of kills, the full-scale estate
# make bench      reproduces every figure the README quotes
# make conformance  more programs of others against this one, as far as they can be had

BUILD ?= build
LISTEN ?= 127.0.0.1:8080

.PHONY: all packages run test test-long bench conformance install clean

all: $(BUILD)/mandate

packages:
	@tools/install-packages build

$(BUILD)/build.ninja: | packages
	meson setup $(BUILD) -Dbuildtype=release -Dtests=false >$(BUILD).log 2>&1 || { cat $(BUILD).log; rm -f $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

.PHONY: $(BUILD)/mandate
$(BUILD)/mandate: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet src/app/mandate
	@ln -sf src/app/mandate $(BUILD)/mandate

run: $(BUILD)/mandate
	@tools/run $(BUILD)/mandate var $(LISTEN)

test:
	@tools/install-packages build test
	@tools/run-tests

test-long:
	@tools/install-packages build test
	@tools/run-tests --long

bench:
	@tools/install-packages build test bench
	@tools/bench

conformance:
	@tools/install-packages build test
	@tests/conformance/run

install: $(BUILD)/mandate
	install -D -s -m 755 $(BUILD)/src/app/mandate $(DESTDIR)/usr/bin/mandate
	$(BUILD)/mandate man $(DESTDIR)/usr/share/man/man1
	install -D -m 644 packaging/systemd/mandate.service $(DESTDIR)/lib/systemd/system/mandate.service
	install -D -m 644 packaging/systemd/mandate-agent.service $(DESTDIR)/lib/systemd/system/mandate-agent.service

clean:
	rm -rf $(BUILD) build-test build-bench build-threads
