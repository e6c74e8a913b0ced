#include "decisions.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../box/json.h"
#include "../system/clock.h"
#include "rule-text.h"

#define CURRENT "network.log"
#define EARLIER "network.log.1"

/* boxlite-net keeps to less; it is not trusted to. */
enum { MAX_BYTES = 512 * 1024, MAX_IN_SECOND = 400, LINE_BYTES = 2048 };

static bool has_time(struct decision_log *log, uint64_t now_ns);
static size_t line_of(const struct shim *shim, const struct net_decision *decision, uint64_t now_ns,
                      char line[LINE_BYTES]);
static const char *protocol_name(uint8_t protocol);
static int append(struct decision_log *log, const char *line, size_t size);
static int open_file(struct decision_log *log);

void decision_record(struct shim *shim, const struct net_decision *decision) {
    struct decision_log *log = &shim->net.decisions;
    char line[LINE_BYTES];
    uint64_t now = clock_wall_ns();
    uint32_t left_out = log->left_out + decision->left_out;
    log->left_out = left_out < log->left_out ? UINT32_MAX : left_out;
    /* A full disk must not stop the box. */
    if (!has_time(log, now) || append(log, line, line_of(shim, decision, now, line)))
        log->left_out += log->left_out < UINT32_MAX;
    else
        log->left_out = 0;
}

static bool has_time(struct decision_log *log, uint64_t now_ns) {
    uint64_t second = now_ns / 1000000000U;
    if (second != log->second) {
        log->second = second;
        log->in_second = 0;
    }
    return log->in_second < MAX_IN_SECOND && ++log->in_second;
}

static size_t line_of(const struct shim *shim, const struct net_decision *decision, uint64_t now_ns,
                      char line[LINE_BYTES]) {
    const struct net_policy *policy = shim->config.net.policy;
    char at[RFC3339_BYTES], address[INET6_ADDRSTRLEN] = "", rule[RULE_TEXT_BYTES];
    clock_rfc3339(now_ns, at);
    address_text(&decision->address, address);
    struct json json;
    json_open(&json, line, LINE_BYTES);
    json_string(&json, "at", at);
    json_bool(&json, "allowed", decision->allowed);
    json_string(&json, "protocol", protocol_name(decision->protocol));
    json_string(&json, "address", address);
    json_number(&json, "port", decision->port);
    if (decision->name[0])
        json_text(&json, "name", decision->name, strnlen(decision->name, sizeof decision->name));
    if (policy && decision->rule >= 0 && (uint32_t)decision->rule < policy->rule_count) {
        rule_text(&policy->rules[decision->rule], rule);
        json_string(&json, "rule", rule);
    }
    if (shim->net.decisions.left_out)
        json_number(&json, "leftOut", shim->net.decisions.left_out);
    return json_close(&json);
}

static const char *protocol_name(uint8_t protocol) {
    return protocol == BL_IP_TCP ? "tcp" : protocol == BL_IP_UDP ? "udp" : "icmp";
}

static int append(struct decision_log *log, const char *line, size_t size) {
    if (log->fd >= 0 && log->size + size > MAX_BYTES) {
        close(log->fd);
        log->fd = -1;
        if (rename(CURRENT, EARLIER))
            return -1;
    }
    if (log->fd < 0 && open_file(log))
        return -1;
    ssize_t written = write(log->fd, line, size);
    if (written == (ssize_t)size) {
        log->size += size;
        return 0;
    }
    /* Half a line would spoil the next one. */
    if (written > 0 && ftruncate(log->fd, (off_t)log->size))
        log->size += (uint64_t)written;
    return -1;
}

static int open_file(struct decision_log *log) {
    struct stat st;
    log->fd = open(CURRENT, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log->fd < 0 || fstat(log->fd, &st))
        return -1;
    log->size = (uint64_t)st.st_size;
    return 0;
}
