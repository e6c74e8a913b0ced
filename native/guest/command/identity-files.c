#include "identity-files.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { FIELDS = 7, HIGHEST_ID = 0x7fffffff };

struct line {
    struct text field[FIELDS];
    int count;
};

static bool find_user(struct text passwd, struct text wanted, struct who *out, struct text *name);
static int find_group(struct text wanted, struct text group, uint32_t *found, struct err *err);
static int collect_groups(struct text user, struct text group, struct who *out, struct err *err);
static bool next_line(struct text *rest, struct line *line);
static bool has_member(struct text list, struct text name);
static bool parse_id(struct text digits, uint32_t *id);
static bool same(struct text a, struct text b);
static struct text trimmed(struct text t);

int who_resolve(const char *spec, struct text passwd, struct text group, struct who *out, struct err *err) {
    memset(out, 0, sizeof *out);
    out->home[0] = '/';
    const char *colon = strchr(spec, ':');
    struct text user = {spec, colon ? (size_t)(colon - spec) : strlen(spec)};
    struct text wanted_group = {colon ? colon + 1 : "", colon ? strlen(colon + 1) : 0};

    struct text name = {"", 0};
    bool found = find_user(passwd, user, out, &name);
    if (!found && user.size && !parse_id(user, &out->uid)) {
        bool number = strspn(spec, "0123456789") == user.size;
        if (number)
            return err_set(err, EINVAL, "user id %.*s is out of range", (int)(user.size > 100 ? 100 : user.size),
                           user.at);
        return err_set(err, EINVAL, "unable to find user %.*s: no matching entries in passwd file",
                       (int)(user.size > 100 ? 100 : user.size), user.at);
    }
    if (wanted_group.size)
        return find_group(wanted_group, group, &out->gid, err);
    return name.size ? collect_groups(name, group, out, err) : 0;
}

int who_join(const char *wanted, struct text group, struct who *who, struct err *err) {
    uint32_t gid = 0;
    if (find_group((struct text){wanted, strlen(wanted)}, group, &gid, err))
        return -1;
    if (who->gid == gid)
        return 0;
    for (uint32_t i = 0; i < who->group_count; i++)
        if (who->groups[i] == gid)
            return 0;
    if (who->group_count == MAX_USER_GROUPS)
        return err_set(err, EINVAL, "more than %d groups", MAX_USER_GROUPS);
    who->groups[who->group_count++] = gid;
    return 0;
}

/* The first entry whose name is the wanted text or whose number it is; without a wanted text, uid 0's. */
static bool find_user(struct text passwd, struct text wanted, struct who *out, struct text *name) {
    uint32_t wanted_uid = 0;
    bool by_uid = !wanted.size || parse_id(wanted, &wanted_uid);
    struct line line;
    while (next_line(&passwd, &line)) {
        uint32_t uid, gid;
        if (line.count < 4 || !parse_id(line.field[2], &uid) || !parse_id(line.field[3], &gid))
            continue;
        if (!(by_uid && uid == wanted_uid) && !(wanted.size && same(line.field[0], wanted)))
            continue;
        out->uid = uid;
        out->gid = gid;
        *name = line.field[0];
        struct text home = line.field[5];
        if (line.count > 5 && home.size && home.size < MAX_HOME) {
            memcpy(out->home, home.at, home.size);
            out->home[home.size] = 0;
        }
        return true;
    }
    return false;
}

static int find_group(struct text wanted, struct text group, uint32_t *found, struct err *err) {
    uint32_t wanted_gid = 0;
    bool by_gid = parse_id(wanted, &wanted_gid);
    struct line line;
    while (next_line(&group, &line)) {
        uint32_t gid;
        if (line.count < 3 || !parse_id(line.field[2], &gid))
            continue;
        if (by_gid ? gid == wanted_gid : same(line.field[0], wanted)) {
            *found = gid;
            return 0;
        }
    }
    if (!by_gid)
        return err_set(err, EINVAL, "unable to find group %.*s: no matching entries in group file",
                       (int)(wanted.size > 100 ? 100 : wanted.size), wanted.at);
    *found = wanted_gid;
    return 0;
}

static int collect_groups(struct text user, struct text group, struct who *out, struct err *err) {
    struct line line;
    while (next_line(&group, &line)) {
        uint32_t gid;
        if (line.count < 4 || !parse_id(line.field[2], &gid) || !has_member(line.field[3], user))
            continue;
        if (out->group_count == MAX_USER_GROUPS)
            return err_set(err, EINVAL, "user %.*s is in more than %d groups", (int)(user.size > 100 ? 100 : user.size),
                           user.at, MAX_USER_GROUPS);
        out->groups[out->group_count++] = gid;
    }
    return 0;
}

/* Splits the next line that is not blank; fields past the last go unread. */
static bool next_line(struct text *rest, struct line *line) {
    while (rest->size) {
        const char *end = memchr(rest->at, '\n', rest->size);
        struct text whole = {rest->at, end ? (size_t)(end - rest->at) : rest->size};
        size_t used = whole.size + (end ? 1 : 0);
        rest->at += used;
        rest->size -= used;
        whole = trimmed(whole);
        if (!whole.size)
            continue;

        memset(line, 0, sizeof *line);
        while (line->count < FIELDS) {
            const char *colon = memchr(whole.at, ':', whole.size);
            size_t length = colon ? (size_t)(colon - whole.at) : whole.size;
            line->field[line->count++] = (struct text){whole.at, length};
            if (!colon)
                break;
            whole.at += length + 1;
            whole.size -= length + 1;
        }
        return true;
    }
    return false;
}

static bool has_member(struct text list, struct text name) {
    for (;;) {
        const char *comma = list.size ? memchr(list.at, ',', list.size) : NULL;
        size_t length = comma ? (size_t)(comma - list.at) : list.size;
        if (same((struct text){list.at, length}, name))
            return true;
        if (!comma)
            return false;
        list.at += length + 1;
        list.size -= length + 1;
    }
}

static bool parse_id(struct text digits, uint32_t *id) {
    uint64_t value = 0;
    if (!digits.size || digits.size > 10)
        return false;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits.at[i] - '0');
    }
    if (value > HIGHEST_ID)
        return false;
    *id = (uint32_t)value;
    return true;
}

static bool same(struct text a, struct text b) { return a.size == b.size && memcmp(a.at, b.at, a.size) == 0; }

static struct text trimmed(struct text t) {
    while (t.size && (*t.at == ' ' || *t.at == '\t' || *t.at == '\r')) {
        t.at++;
        t.size--;
    }
    while (t.size && (t.at[t.size - 1] == ' ' || t.at[t.size - 1] == '\t' || t.at[t.size - 1] == '\r'))
        t.size--;
    return t;
}
