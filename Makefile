# Builds, installs and tests pgschema. README.md and docs/testing.md say how to use it.
#
#   make            build out/<major>/pgschema.so     make test    all tests (docs/testing.md)
#   make install    install it (DESTDIR=… to stage)   make demo    the demonstration
#   make deps       install what is missing           make bench   the benchmark
#   make format     clang-format                      make lint    clang-format and clang-tidy, checking
#   make asan       the tests under sanitizers        make fuzz    libFuzzer (FUZZ_SECONDS=60)
#   make soak       random pairs (PAIRS=10000, PAIRS_SEED=1, PAIRS_JOBS=…)
#
# Variables: PG_CONFIG, WERROR=1, SAN=undefined|address,undefined (its own folder below out/), CXX, V=1 to
# see the commands, FAULTS=1 for out/<major>/faults/pgschema.so too, the module that tests can have fail.

PG_CONFIG ?= pg_config

# What the build itself needs. Without it nothing below can be read (PGXS is part of it), so the first
# thing done on a fresh machine is to install it and start over.
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
LIBPG_QUERY := $(filter /%,$(shell gcc -print-file-name=libpg_query.a 2>/dev/null))
ready := $(and $(wildcard $(PGXS)),$(LIBPG_QUERY),$(shell command -v g++))

.DEFAULT_GOAL := all
.PHONY: deps test demo bench format lint asan fuzz soak
.DELETE_ON_ERROR:

ifndef ready

ifdef DEPS_DONE
$(error still missing after build/deps: PGXS, libpg_query.a or g++)
endif
all install:
	build/deps build
	$(MAKE) $@ DEPS_DONE=1

else

# ---------------------------------------------------------------------------------------------------
# What is built. Objects of another server version or of another sanitizer go to another folder, so that
# nothing has to be cleaned when either changes.

SAN ?=
comma := ,
OUT := out/$(shell $(PG_CONFIG) --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')$(if $(SAN),-$(subst $(comma),-,$(SAN)))

SOURCES := $(sort $(shell find src -name '*.cpp'))
OBJECTS := $(SOURCES:src/%.cpp=$(OUT)/%.o)
PG_QUERY := $(OUT)/pg_query_isolated.o

# These never see a server header: it is not on their include path, so one that gets in does not compile.
# They are what the unit tests and the fuzzers link, without a server.
FREE := $(filter $(foreach d,model kinds diff plan,src/$d/%),$(SOURCES)) \
        $(filter-out %_pg.cpp,$(filter src/script/%,$(SOURCES)))
FREE_OBJECTS := $(FREE:src/%.cpp=$(OUT)/%.o)

# ---------------------------------------------------------------------------------------------------
# PGXS. The module is a MODULES entry, not MODULE_big, because only that may lie in a folder.

EXTENSION := pgschema
DATA := $(wildcard sql/pgschema--*.sql)
MODULES := $(OUT)/pgschema

# PGXS would compile C++ to bitcode with its own idea of the language standard.
override with_llvm := no

# As a system folder the server's headers raise no warning of ours (15's use `register`).
PG_CPPFLAGS := -isystem $(shell $(PG_CONFIG) --includedir-server)

include $(PGXS)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor $(if $(WERROR),-Werror)
SANITIZE := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=undefined -fno-omit-frame-pointer)

# The visibility of PGDLLEXPORT is ours to say: on 15 it is empty, which under -fvisibility=hidden would
# hide the functions that PG_FUNCTION_INFO_V1 declares. The server's warnings that are left out here are
# C's, and meaningless or wrong in C++.
clang := $(findstring clang,$(CXX))
CXXFLAGS_OURS := $(filter-out -Wno-% -Wmissing-% -Wdeclaration-% $(if $(clang),-Wimplicit-fallthrough=3),$(CXXFLAGS)) -std=c++20 -fPIC \
                 -fvisibility=hidden -fvisibility-inlines-hidden $(WARNINGS) $(SANITIZE)
SERVER_CPPFLAGS = -Isrc -D'PGDLLEXPORT=__attribute__((visibility("default")))' $(CPPFLAGS)
FREE_CPPFLAGS = -Isrc $(filter -D_FORTIFY% -Wdate-time,$(CPPFLAGS))

# $(call run,what): show what is made instead of how, unless V=1.
run = $(if $(V),,@printf '%-5s %s\n' $(1) $@;)

all: $(OUT)/pgschema.so

$(filter-out $(FREE_OBJECTS),$(OBJECTS)): CPPFLAGS_OURS = $(SERVER_CPPFLAGS)
$(FREE_OBJECTS): CPPFLAGS_OURS = $(FREE_CPPFLAGS)

$(OBJECTS): $(OUT)/%.o: src/%.cpp $(OUT)/flags
	@mkdir -p $(@D)
	$(call run,CXX)$(CXX) $(CXXFLAGS_OURS) $(CPPFLAGS_OURS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

# Changes when the flags do, and everything is compiled again.
$(OUT)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(CXX) $(CXXFLAGS_OURS) $(SERVER_CPPFLAGS)) | cmp -s - $@ || \
	 printf '%s\n' $(call quote,$(CXX) $(CXXFLAGS_OURS) $(SERVER_CPPFLAGS)) > $@
quote = '$(subst ','\'',$(1))'
.PHONY: FORCE

# libpg_query is a copy of the server's own parser: hundreds of its symbols are also the server's. It
# becomes one object of which only the few functions that we call can be seen from outside; what these
# do not need is not taken from the archive. (Debian ships no protobuf-c.h with it, so the protobuf message
# that its scanner answers with is decoded by src/script.)
$(PG_QUERY): build/libpg_query.symbols $(LIBPG_QUERY)
	@mkdir -p $(@D)
	$(call run,LD)ld -r $(addprefix -u ,$(shell cat build/libpg_query.symbols)) $(LIBPG_QUERY) -o $@.all
	@objcopy --keep-global-symbols=build/libpg_query.symbols $@.all $@
	@rm $@.all

# A file that is gone from src/ leaves the list, not the module: so the list counts as a source too.
$(OUT)/objects: FORCE
	@mkdir -p $(@D)
	@echo $(OBJECTS) | cmp -s - $@ || echo $(OBJECTS) > $@

$(OUT)/pgschema.so: $(OBJECTS) $(PG_QUERY) build/exports.map $(OUT)/objects
	$(call run,LINK)$(CXX) $(CXXFLAGS_OURS) -shared -o $@ $(OBJECTS) $(PG_QUERY) -Wl,--version-script=build/exports.map $(LDFLAGS) -lstdc++

# PGXS would look for the module's folder below the server's.
uninstall: uninstall-module
.PHONY: uninstall-module
uninstall-module:
	rm -f '$(DESTDIR)$(pkglibdir)/pgschema.so'

clean: clean-out
.PHONY: clean-out
clean-out:
	rm -rf out

# ---------------------------------------------------------------------------------------------------
# Programs of the tests; test/run asks for them.

UNIT := $(sort $(wildcard test/unit/*.cpp))
UNIT_OBJECTS := $(UNIT:test/%.cpp=$(OUT)/test/%.o)

$(UNIT_OBJECTS): $(OUT)/test/%.o: test/%.cpp $(OUT)/flags
	@mkdir -p $(@D)
	$(call run,CXX)$(CXX) $(CXXFLAGS_OURS) $(FREE_CPPFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/unit-tests: $(UNIT_OBJECTS) $(FREE_OBJECTS) $(PG_QUERY) $(OUT)/objects
	$(call run,LINK)$(CXX) $(CXXFLAGS_OURS) -o $@ $(UNIT_OBJECTS) $(FREE_OBJECTS) $(PG_QUERY) -lgtest -lgtest_main -pthread

# What docs/matrix.md is made by.
$(OUT)/test/matrix/matrix.o: $(OUT)/test/%.o: test/%.cpp $(OUT)/flags
	@mkdir -p $(@D)
	$(call run,CXX)$(CXX) $(CXXFLAGS_OURS) $(FREE_CPPFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/matrix: $(OUT)/test/matrix/matrix.o $(FREE_OBJECTS) $(PG_QUERY) $(OUT)/objects
	$(call run,LINK)$(CXX) $(CXXFLAGS_OURS) -o $@ $< $(FREE_OBJECTS) $(PG_QUERY)

# The door's own module: src/pg (and the secrets that it masks) with functions that fail in every way there is.
DOOR_OBJECTS := $(patsubst test/%.cpp,$(OUT)/test/%.o,$(wildcard test/door/*.cpp))

$(DOOR_OBJECTS): $(OUT)/test/%.o: test/%.cpp $(OUT)/flags
	@mkdir -p $(@D)
	$(call run,CXX)$(CXX) $(CXXFLAGS_OURS) $(SERVER_CPPFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/door.so: $(DOOR_OBJECTS) $(filter $(OUT)/pg/% $(OUT)/model/secrets.o,$(OBJECTS))
	$(call run,LINK)$(CXX) $(CXXFLAGS_OURS) -shared -o $@ $^ $(LDFLAGS) -lstdc++

# The module with fault points (src/pg/fault.hpp): only what has some is compiled again. FAULTS=1 makes it too.
FAULTY := $(shell grep -l '"pg/fault.hpp"' $(SOURCES))
FAULTY_OBJECTS := $(FAULTY:src/%.cpp=$(OUT)/faults/%.o)

$(FAULTY_OBJECTS): $(OUT)/faults/%.o: src/%.cpp $(OUT)/flags
	@mkdir -p $(@D)
	$(call run,CXX)$(CXX) $(CXXFLAGS_OURS) $(SERVER_CPPFLAGS) -DPGSCHEMA_FAULTS -MMD -MP -c -o $@ $<

$(OUT)/faults/pgschema.so: $(filter-out $(FAULTY:src/%.cpp=$(OUT)/%.o),$(OBJECTS)) $(FAULTY_OBJECTS) $(PG_QUERY) build/exports.map $(OUT)/objects
	$(call run,LINK)$(CXX) $(CXXFLAGS_OURS) -shared -o $@ $(filter %.o,$^) -Wl,--version-script=build/exports.map $(LDFLAGS) -lstdc++

all: $(if $(FAULTS),$(OUT)/faults/pgschema.so)

# A fuzzer a file, with the parts that do not see the server. test/fuzz/run says with which compiler.
$(OUT)/fuzz/%: test/fuzz/%.cpp $(FREE_OBJECTS) $(PG_QUERY) $(OUT)/flags $(OUT)/objects
	@mkdir -p $(@D)
	$(call run,LINK)$(CXX) $(CXXFLAGS_OURS) $(FREE_CPPFLAGS) -fsanitize=fuzzer -MMD -MP -o $@ $< $(FREE_OBJECTS) $(PG_QUERY)

-include $(UNIT_OBJECTS:.o=.d) $(DOOR_OBJECTS:.o=.d) $(FAULTY_OBJECTS:.o=.d) $(wildcard $(OUT)/fuzz/*.d)

# ---------------------------------------------------------------------------------------------------
# Checks of the source text.

FORMATTED := $(shell find src test -name '*.cpp' -o -name '*.hpp')

.PHONY: format-write format-check tidy
format-write:
	clang-format -i $(FORMATTED)
format-check:
	clang-format --dry-run --Werror $(FORMATTED)
tidy: $(OBJECTS:.o=.tidy)

$(filter-out $(FREE_OBJECTS:.o=.tidy),$(OBJECTS:.o=.tidy)): CPPFLAGS_OURS = $(SERVER_CPPFLAGS)
$(FREE_OBJECTS:.o=.tidy): CPPFLAGS_OURS = $(FREE_CPPFLAGS)
$(OUT)/%.tidy: src/%.cpp .clang-tidy $(OUT)/flags
	@mkdir -p $(@D)
	$(call run,TIDY)clang-tidy --quiet $< -- -std=c++20 $(CPPFLAGS_OURS)
	@touch $@

endif

# ---------------------------------------------------------------------------------------------------
# What starts servers or needs more packages is a script, which asks build/deps for them first.

deps:
	build/deps all
test:
	test/run
asan:
	test/asan
soak:
	test/soak
demo:
	build/deps build
	demo/run
bench:
	build/deps build
	bench/run
fuzz:
	test/fuzz/run
format:
	build/deps lint
	$(MAKE) format-write
lint:
	build/deps lint
	$(MAKE) -k format-check tidy
