# The short door to the build; what it does stands in meson.build and scripts/.

BUILD ?= build
PREFIX ?= /usr/local

.PHONY: build run test bench lint format fuzz install clean

build: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	scripts/bootstrap
	meson setup $(BUILD) --prefix $(PREFIX)

run: build
	$(BUILD)/keel serve

test:
	scripts/test

bench: build
	scripts/bench

lint:
	scripts/lint

format:
	scripts/lint --fix-format

fuzz:
	scripts/fuzz

install: build
	meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf $(BUILD) build-clang build-asan build-fuzz
