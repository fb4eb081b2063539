# The short door to the build; what it does stands in meson.build and scripts/.

BUILD ?= build
PREFIX ?= /usr/local

.PHONY: build run test clean

build: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	scripts/bootstrap
	meson setup $(BUILD) --prefix $(PREFIX)

run: build
	$(BUILD)/keel serve

test:
	scripts/test

clean:
	rm -rf $(BUILD)
