# The short door to the build; what it does stands in meson.build and scripts/.

BUILD ?= build
PREFIX ?= /usr/local

.PHONY: build run test bench lint sanitize format fuzz install clean

build:
	@scripts/bootstrap
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD) --prefix $(PREFIX)
	@ninja -C $(BUILD)

run: build
	$(BUILD)/keel serve

test:
	@scripts/bootstrap --test
	@scripts/test

bench: build
	scripts/bench

lint:
	scripts/lint

sanitize:
	scripts/sanitize

format:
	scripts/lint --fix-format

fuzz:
	scripts/fuzz

install: build
	meson configure $(BUILD) -Dprefix=$(PREFIX)
	meson install -C $(BUILD)

clean:
	rm -rf $(BUILD) build-clang build-asan build-fuzz
