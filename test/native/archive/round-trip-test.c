/* Tests that unpacking restores what was packed, and that GNU tar reads and writes the same archives. */
#include <stdlib.h>
#include <sys/xattr.h>

#include "archive/outcome/outcome.h"
#include "archive/pack/pack.h"
#include "archive/unpack/unpack.h"
#include "crafted.h"

static struct err err;
static char top[] = "/tmp/round-trip-test-XXXXXX";

static bool holds(const char *command) { return chdir(top) == 0 && system(command) == 0; }

static void make_source(void) {
    check(
        "a source is made",
        holds("mkdir -p src/d/empty && echo hi > src/a && ln src/a src/b && ln -s a src/l && mkfifo src/p && "
              "truncate -s 40M src/sparse && echo x | dd of=src/sparse bs=1 seek=20000000 conv=notrunc 2>/dev/null && "
              "truncate -s 5M src/hole && head -c 700000 /dev/urandom > src/random && : > src/none && "
              "touch \"$(printf 'src/d/new\\nline')\" \"$(printf 'src/\\377\\376')\" && chmod 4751 src/a && "
              "touch -d '1931-02-03 04:05:06.789' src/random && touch -d '2001-02-03' src/d"));
    check("it has an attribute", setxattr("src/random", "user.note", "a\0b", 3, 0) == 0);
}

static int pack_to(const char *file, const char *source, struct pack_options options) {
    struct totals totals = {0};
    check("we are at home", chdir(top) == 0); /* unpacking attributes changes the working directory */
    FILE *out = fopen(file, "w");
    int failed = pack_path(out, source, &options, &totals, &err);
    fclose(out);
    return failed ? outcome_exit(&err) : 0;
}

static int unpack_from(const char *file, const char *destination, struct unpack_options options) {
    struct totals totals = {0};
    check("we are at home", chdir(top) == 0);
    int in = open(file, O_RDONLY);
    int failed = unpack(in, destination, &options, &totals, &err);
    close(in);
    if (failed)
        printf("(%s)\n", err.msg);
    return failed ? outcome_exit(&err) : 0;
}

/* Sizes just below and above a page and a direct write; data between holes, aligned to a page and not. */
static void test_direct(void) {
    const struct unpack_options direct = {.direct = true};
    const struct pack_options packed = {.sparse = true, .directories = true};
    check("large files are made",
          holds("mkdir large && cd large && head -c 9000000 /dev/urandom > odd && head -c 1048575 odd > below && "
                "head -c 1048576 odd > exact && head -c 1048577 odd > above && head -c 2097151 odd > short && "
                "truncate -s 12M holes && dd if=odd of=holes bs=4096 seek=700 conv=notrunc 2>/dev/null && "
                "dd if=odd of=cut bs=1000 count=2100 seek=5001 2>/dev/null"));
    check("they come past the page cache as they are",
          pack_to("large.tar", "large", packed) == 0 && unpack_from("large.tar", "direct", direct) == 0 &&
              holds("diff -r large direct && test \"$(du -sk direct/holes | cut -f1)\" -lt 9000"));
    check("and where there is no such way",
          holds("mkdir -p none && mount -t tmpfs none none 2>/dev/null || rmdir none") &&
              unpack_from("large.tar", holds("test -d none") ? "none/it" : "it", direct) == 0 &&
              holds("test -d none && diff -r large none/it && umount none || diff -r large it"));
    check(
        "one that is cut short is taken away again",
        holds("rm -rf direct && tar -cf one.tar -C large odd && head -c 5000000 one.tar > part.tar && mkdir direct") &&
            unpack_from("part.tar", "direct", (struct unpack_options){.direct = true, .foreign = true}) ==
                BL_COPY_TRUNCATED &&
            holds("test -z \"$(ls -A direct)\""));
}

#define LISTING " -printf '%P %y %m %s %T@ %n %l\\0' | sort -z"

int main(void) {
    check("there is a directory", mkdtemp(top) && chdir(top) == 0);
    make_source();
    struct pack_options all = {.attributes = true, .sparse = true, .directories = true};
    struct unpack_options as_is = {.owners = true, .attributes = true, .privileges = true};
    check("a tree is packed", pack_to("t.tar", "src", all) == 0);
    check("and unpacked", unpack_from("t.tar", "copy", as_is) == 0);
    check("all is the same: names, kinds, modes, sizes, times, links",
          holds("find src" LISTING " > want; find copy" LISTING " > got; cmp want got && "
                "cmp src/sparse copy/sparse && cmp src/random copy/random && cmp src/hole copy/hole"));
    check("holes stay holes",
          holds("test \"$(du -sk copy/sparse | cut -f1)\" -lt 200 && "
                "test \"$(du -sk copy/hole | cut -f1)\" -lt 10 && test \"$(stat -c %s t.tar)\" -lt 1000000"));
    char value[8];
    check("an attribute keeps its bytes",
          getxattr("copy/random", "user.note", value, sizeof value) == 3 && memcmp(value, "a\0b", 3) == 0);
    check("GNU tar reads it, holes included",
          holds("mkdir gnu && tar -xf t.tar -C gnu && cmp src/sparse gnu/src/sparse && cmp src/hole gnu/src/hole && "
                "cmp src/random gnu/src/random && test -e \"$(printf 'gnu/src/d/new\\nline')\""));
    check("what is in a directory is packed as such", pack_to("c.tar", "src/.", all) == 0 && holds("mkdir there") &&
                                                          unpack_from("c.tar", "there", as_is) == 0 &&
                                                          holds("cmp src/random there/random"));
    static const char *const formats[] = {"gnu", "pax --sparse-version=0.0", "pax --sparse-version=0.1",
                                          "pax --sparse-version=1.0", "ustar"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char command[400];
        snprintf(command, sizeof command, "tar %s-cf g.tar --format=%s -C src . && rm -rf from && mkdir from",
                 i == 4 ? "--mtime=@1000 " : "-S ", formats[i]); /* ustar can't store a time before 1970 */
        check("GNU tar writes", holds(command));
        check("what GNU tar writes is read",
              unpack_from("g.tar", "from", (struct unpack_options){.foreign = true}) == 0 &&
                  holds("cmp src/sparse from/sparse && cmp src/hole from/hole && cmp src/random from/random && "
                        "test -e \"$(printf 'from/d/new\\nline')\" && test from/a -ef from/b"));
    }
    check("a link is packed as a link, or followed when asked for",
          pack_to("l.tar", "src/l", (struct pack_options){0}) == 0 &&
              unpack_from("l.tar", "link", (struct unpack_options){0}) == 0 && holds("test -L link") &&
              pack_to("l.tar", "src/l", (struct pack_options){.follow_source = true}) == 0 &&
              unpack_from("l.tar", "followed", (struct unpack_options){0}) == 0 &&
              holds("test ! -L followed -a -f followed"));
    check("links all over are followed when asked for",
          pack_to("l.tar", "src", (struct pack_options){.follow_all = true, .directories = true}) == 0 &&
              holds("tar -tvf l.tar | grep -q '^[h-].* src/l'"));
    check("one that leads back up is refused",
          holds("ln -s .. src/d/up") &&
              pack_to("l.tar", "src", (struct pack_options){.follow_all = true, .directories = true}) ==
                  BL_COPY_FAILED &&
              holds("rm src/d/up"));
    check("a missing source, a directory where a file is wanted and a file that is to be a directory are told apart",
          pack_to("x.tar", "nope", all) == BL_COPY_NO_SOURCE &&
              pack_to("x.tar", "src", (struct pack_options){0}) == BL_COPY_NOT_RECURSIVE &&
              pack_to("x.tar", "src/a/", all) == BL_COPY_NOT_DIRECTORY);
    test_direct();
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", top);
    check("the directory is removed", system(command) == 0);
    return 0;
}
