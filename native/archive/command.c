#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/cleanup.h"
#include "copy/copy-tree.h"
#include "outcome/outcome.h"
#include "outcome/shown.h"
#include "outcome/stop.h"
#include "pack/pack.h"
#include "unpack/unpack.h"

struct word {
    const char *word;
    bool *to;
};

static int do_pack(const char *const *words, uint32_t count, const char *source, int stream, struct totals *totals,
                   struct err *err);
static int do_unpack(const char *const *words, uint32_t count, const char *destination, int stream,
                     struct totals *totals, struct err *err);
static int do_copy(const char *source, const char *destination, struct err *err);
static const char *take_pair(const char *word, const char *const **words, uint32_t *count);
static int set_words(const struct word *known, const char *const *words, uint32_t count, struct err *err);
static void warn(const char *text);

static int report_to;

int archive_command(const char *const *argv, uint32_t count, int stream, int report) {
    struct totals totals = {0};
    struct err err;
    report_to = report;
    /* A caller that gives up closes the stream: what was begun is then finished in order. While unpacking, a signal
     * does the same (stop.h). */
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    int failed;
    if (count < 3 || strcmp(argv[count - 2], "--") != 0)
        failed = err_set(&err, OUTCOME(BL_COPY_USAGE), "pack or unpack, words, -- and a path are needed");
    else if (strcmp(argv[0], "pack") == 0)
        failed = do_pack(argv + 1, count - 3, argv[count - 1], stream, &totals, &err);
    else if (strcmp(argv[0], "unpack") == 0)
        failed = do_unpack(argv + 1, count - 3, argv[count - 1], stream, &totals, &err);
    else if (strcmp(argv[0], "copy") == 0 && count == 4)
        failed = do_copy(argv[1], argv[3], &err);
    else
        failed = err_set(&err, OUTCOME(BL_COPY_USAGE), "pack, unpack or copy is needed");
    if (failed) {
        dprintf(report, "-%s\n", err.msg);
        return outcome_exit(&err);
    }
    dprintf(report, "=%" PRIu64 " %" PRIu64 "\n", totals.bytes, totals.entries);
    return 0;
}

static int do_pack(const char *const *words, uint32_t count, const char *source, int stream, struct totals *totals,
                   struct err *err) {
    struct pack_options options = {.warn = warn};
    const struct word known[] = {{"follow-source", &options.follow_source},
                                 {"follow-all", &options.follow_all},
                                 {"attributes", &options.attributes},
                                 {"sparse", &options.sparse},
                                 {"directories", &options.directories},
                                 {"as-root", &options.as_root},
                                 {NULL, NULL}};
    static char buffer[65536];
    options.within = take_pair("within", &words, &count);
    if (set_words(known, words, count, err))
        return -1;
    if (options.within && (options.follow_source || options.follow_all))
        return err_set(err, OUTCOME(BL_COPY_USAGE), "no link is followed within a directory");
    FILE *out = fdopen(stream, "w");
    if (!out)
        return err_errno(err, "can't write the archive");
    setvbuf(out, buffer, _IOFBF, sizeof buffer);
    return pack_path(out, source, &options, totals, err);
}

static int do_unpack(const char *const *words, uint32_t count, const char *destination, int stream,
                     struct totals *totals, struct err *err) {
    struct unpack_options options = {.warn = warn};
    const struct word known[] = {{"file", &options.file},
                                 {"foreign", &options.foreign},
                                 {"keep", &options.keep},
                                 {"owners", &options.owners},
                                 {"attributes", &options.attributes},
                                 {"privileges", &options.privileges},
                                 {"sync", &options.sync},
                                 {"direct", &options.direct},
                                 {"top", &options.top},
                                 {NULL, NULL}};
    options.within = take_pair("within", &words, &count);
    options.as = take_pair("as", &words, &count);
    if (set_words(known, words, count, err))
        return -1;
    if (options.as && (!*options.as || strchr(options.as, '/') || strcmp(options.as, "..") == 0))
        return err_set(err, OUTCOME(BL_COPY_USAGE), "\"%.40s\" is no name to unpack as", options.as);
    stop_hold();
    return unpack(stream, destination, &options, totals, err);
}

static int do_copy(const char *source, const char *destination, struct err *err);
static const char *take_pair(const char *word, const char *const **words, uint32_t *count);
static int do_copy(const char *source, const char *destination, struct err *err) {
    enum { TREE = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* what it makes is nobody's once its parent has died */
    umask(0);
    cleanup_fd int from = open(source, TREE);
    cleanup_fd int to = open(destination, TREE);
    if (from < 0 || to < 0)
        return err_errno(err, "can't open %s", shown(from < 0 ? source : destination));
    if (copy_tree(from, to, true, err) || copy_attributes(from, to, true, err))
        return -1;
    return syncfs(to) ? err_errno(err, "can't write back %s", shown(destination)) : 0;
}

/* The value of a word that has one, if it comes next; else NULL. */
static const char *take_pair(const char *word, const char *const **words, uint32_t *count) {
    if (*count < 2 || strcmp((*words)[0], word) != 0)
        return NULL;
    *words += 2;
    *count -= 2;
    return (*words)[-1];
}

static int set_words(const struct word *known, const char *const *words, uint32_t count, struct err *err) {
    for (uint32_t i = 0; i < count; i++) {
        const struct word *each = known;
        while (each->word && strcmp(each->word, words[i]) != 0)
            each++;
        if (!each->word)
            return err_set(err, OUTCOME(BL_COPY_USAGE), "unknown word %.40s", words[i]);
        *each->to = true;
    }
    return 0;
}

static void warn(const char *text) { dprintf(report_to, "!%s\n", text); }
