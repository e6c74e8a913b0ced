#include "place.h"

static void test_hostile_names(void) {
    static const char *const names[] = {"../x",          "..",     "src/../../x",    "src/..", "/etc/x", "other/x",
                                        "src/d/../../x", "srcx/y", "../outside/kept"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        begin();
        struct crafted *c = craft();
        add(c, 'd', "src", 0755, "");
        add(c, 'f', names[i], 0644, "bad");
        printf("ok (name %s)\n", names[i]);
        check("a name that leads out is refused",
              run(sent(c, 0), "dest", (struct unpack_options){0}) == BL_COPY_MALFORMED);
        check_outside();
    }
    begin();
    struct crafted *c = craft();
    add(c, 'f', "../kept", 0644, "bad");
    check("the first name, too", run(sent(c, 0), "dest", (struct unpack_options){0}) == BL_COPY_MALFORMED);
    check_outside();
}

/* The attack: asked for results/, the archive contains .bashrc. */
static void test_asked_for(void) {
    static const struct {
        char kind;
        const char *first, *second, *as;
        int exit;
        const char *then;
    } rows[] = {
        {'f', ".bashrc", NULL, "asked", 0, "grep -q text dest/asked"},
        {'d', ".ssh", ".ssh/keys", "asked", 0, "test -f dest/asked/keys -a ! -e dest/.ssh"},
        {'l', ".bashrc", NULL, "asked", 0, "test -L dest/asked"},
        {'l', "x", "x", "asked", 0, "test -f dest/asked -a ! -L dest/asked"},
        {'l', "x", "x/kept", "asked", BL_COPY_NOT_DIRECTORY, "true"},
        {'f', "x", "x/y", "asked", BL_COPY_NOT_DIRECTORY, "true"},
        {'d', "x", ".bashrc", "asked", BL_COPY_MALFORMED, "test -d dest/asked"},
        {'d', "x", "asked/y", "asked", BL_COPY_MALFORMED, "test ! -e dest/asked/y"},
        {'d', "x", "./y", "asked", BL_COPY_MALFORMED, "test ! -e dest/y"},
        {'h', "x", NULL, "asked", BL_COPY_MALFORMED, "test ! -e dest/asked"},
        {'d', ".", "./.bashrc", "asked", BL_COPY_MALFORMED, "true"},
        {'d', "./", "./.bashrc", "asked", BL_COPY_MALFORMED, "true"},
        {'f', ".", NULL, "asked", BL_COPY_MALFORMED, "true"},
        {'d', "..", NULL, "asked", BL_COPY_MALFORMED, "true"},
        {'d', "", NULL, "asked", BL_COPY_MALFORMED, "true"},
        {'d', "/", NULL, "asked", BL_COPY_MALFORMED, "true"},
        {'f', "a/b", NULL, "asked", BL_COPY_MALFORMED, "test ! -e dest/a"},
        {'f', "/asked", NULL, "asked", BL_COPY_MALFORMED, "test ! -e dest/asked"},
        {'d', ".", "./y", ".", 0, "test -f dest/y"},
        {'d', ".", "y", ".", BL_COPY_MALFORMED, "test ! -e dest/y"},
        {'d', "x", "x/y", ".", 0, "test -f dest/y"},
        {'f', ".bashrc", NULL, ".", BL_COPY_MALFORMED, "true"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        check("a home is made", holds("echo mine > dest/.bashrc"));
        bool contents = strcmp(rows[i].as, ".") == 0;
        struct crafted *c = craft();
        add(c, rows[i].kind, rows[i].first, 0755, rows[i].kind == 'h' ? "../outside/kept" : "text\n");
        if (rows[i].second)
            add(c, 'f', rows[i].second, 0644, "text\n");
        int exit = run(sent(c, 0), "dest", (struct unpack_options){.as = rows[i].as});
        if (exit != rows[i].exit)
            printf("row %zu: %d %s\n", i, exit, err.msg);
        check("a copy has the name that was asked for, whatever the archive says",
              exit == rows[i].exit && holds("test \"$(cat dest/.bashrc)\" = mine") && holds(rows[i].then) &&
                  (contents || holds("test -z \"$(ls -A dest | grep -v -x -e .bashrc -e asked)\"")));
        check_outside();
    }
}

static void test_foreign_names(void) {
    begin();
    struct crafted *c = craft();
    add(c, 'f', "/etc/x", 0644, "inside");
    add(c, 'f', "./a//b/./c", 0644, "c");
    check("somebody else's absolute name is taken below the destination",
          run(sent(c, 0), "dest", (struct unpack_options){.foreign = true}) == 0 &&
              holds("test \"$(cat dest/etc/x)\" = inside && test \"$(cat dest/a/b/c)\" = c"));
    begin();
    c = craft();
    add(c, 'f', "a/../../outside/kept", 0644, "bad");
    check("but not one with dots",
          run(sent(c, 0), "dest", (struct unpack_options){.foreign = true}) == BL_COPY_MALFORMED);
    check_outside();
}

static void test_through_links(void) {
    static const char *const targets[] = {"../../outside", "..", "/tmp"};
    for (size_t i = 0; i < 3; i++) {
        begin();
        struct crafted *c = craft();
        add(c, 'd', "src", 0755, "");
        add(c, 'l', "src/esc", 0777, targets[i]);
        add(c, 'f', "src/esc/kept", 0600, "bad");
        check("nothing is written through a link of the archive's own",
              run(sent(c, 0), "dest", (struct unpack_options){0}) == BL_COPY_NOT_DIRECTORY);
        check_outside();
    }
    begin();
    struct crafted *c = craft();
    add(c, 'd', "src", 0755, "");
    add(c, 'l', "src/kept", 0777, "../../outside/kept");
    add(c, 'f', "src/kept", 0600, "bad");
    check("a file takes the place of a link", run(sent(c, 0), "dest", (struct unpack_options){0}) == 0 &&
                                                  holds("test -f dest/src/kept -a ! -L dest/src/kept"));
    check_outside();
    begin();
    c = craft();
    add(c, 'd', "src", 0755, "");
    add(c, 'l', "src/d", 0777, "../../outside");
    add(c, 'd', "src/d", 0700, "");
    check("a directory never takes a link's place",
          run(sent(c, 0), "dest", (struct unpack_options){0}) == BL_COPY_DIRECTORY_TO_FILE);
    check_outside();
}

static void test_hard_links(void) {
    static const char *const targets[] = {"../outside/kept", "/tmp/x", "src/esc/kept", "src/none", "src", "beside"};
    for (size_t i = 0; i < 6; i++) {
        begin();
        check("a file stands beside", holds("echo mine > dest/beside"));
        struct crafted *c = craft();
        add(c, 'd', "src", 0755, "");
        add(c, 'l', "src/esc", 0777, "../../outside");
        add(c, 'h', "src/hard", 0777, targets[i]);
        check("a hard link to what is not in the archive is refused",
              run(sent(c, 0), "dest", (struct unpack_options){0}) == BL_COPY_MALFORMED);
        check_outside();
    }
    begin();
    struct crafted *c = craft();
    add(c, 'd', "src", 0755, "");
    add(c, 'f', "src/a", 0644, "one");
    add(c, 'h', "src/b", 0777, "src/a");
    add(c, 'h', "src/b", 0777, "src/a");
    add(c, 'h', "src/a", 0777, "src/a");
    add(c, 'f', "src/b", 0644, "two");
    check("what replaces a hard link leaves the other name alone",
          run(sent(c, 0), "dest", (struct unpack_options){0}) == 0 &&
              holds("test \"$(cat dest/src/a dest/src/b)\" = onetwo"));
}

int main(void) {
    enter_top();
    test_hostile_names();
    test_asked_for();
    test_foreign_names();
    test_through_links();
    test_hard_links();
    remove_top();
    return 0;
}
