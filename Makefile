# Shortcuts; each is one script, which can be called alone.
.PHONY: demo test site bench bench-compare lint format asan ubsan clean

demo:   ; scripts/demo
test:   ; scripts/test
site:   ; scripts/site
bench:  ; scripts/bench
# make bench-compare COMMIT=HEAD~1
bench-compare: ; scripts/bench-compare $(COMMIT)
lint:   ; scripts/lint
format: ; scripts/format
asan:   ; scripts/sanitize asan
ubsan:  ; scripts/sanitize ubsan
clean:  ; rm -rf build
