#include "shim/box/config.h"

#include <errno.h>
#include <string.h>

#include "../common/vector.h"
#include "../guest/check.h"

static struct config config;
static struct err err;

static bool text_is(const char *text, const char *expected) { return text && strcmp(text, expected) == 0; }

static void reads_the_golden_configuration(const uint8_t *bytes, size_t size) {
    check("it is accepted", config_decode(bytes, size, &config, &err) == 0);
    check("walls", config.walls == (BL_WALL_NAMESPACES | BL_WALL_ROOT | BL_WALL_LANDLOCK) &&
                       config.needed_walls == BL_WALL_ROOT && config.root_count == 2 &&
                       text_is(config.roots[1], "/dev/null"));
    check("box", text_is(config.box, "01jd0000000000000000000000"));
    check("directory", strncmp(config.directory, "/home/some one/", 15) == 0);
    check("console limit", config.console_limit == 1048576);
    check("output log", config.log_max_bytes == 20000000 && config.log_max_files == 5);
    check("argv", text_is(config.argv[2], "microvm") && config.argv[3] == NULL);
    check("env has room for one more", text_is(config.env[0], "LANG=C") && !config.env[1] && !config.env[2]);
    check("files", config.file_count == 2 && config.files[0].fd == 6 && config.files[1].flags == 1 &&
                       text_is(config.files[1].path, "disk.ext4"));
    check("descriptors", config.qmp_fd == 10 && config.port_fd == 11 && config.console_fd == 12);
    check("ids", text_is(config.id_directory, "/run/boxlite") && config.first_id == 2147483648u &&
                     config.id_ranges == 32767 && config.foreign_count == 1 &&
                     config.foreign_ids[0].last == 2147483649u);
    check("limits", config.rlimit_count == 1 && config.rlimits[0].hard == 4096);
    check("bounds", config.bounds.memory == 1627389952 && config.bounds.tasks == 129 && config.bounds.cpu_weight == 39);
    check("preload", text_is(config.preload, ""));
    check("on exit", text_is(config.exit_argv[1], "cli.js") && text_is(config.exit_env[0], "HOME=/root"));
    check("shares", config.share_fd == 6 && config.share_count == 1 && config.shares[0].flags == 1 &&
                        text_is(config.shares[0].path, "/srv/data: of mine"));
    check("exit delay", config.exit_delay_ms == 100);
    const struct net_config *net = &config.net;
    check("network", text_is(net->program, "/usr/lib/boxlite-net") && net->vmm_fd == 22 && net->mac[5] == 2 &&
                         net->address == 0x0a00020f && net->prefix == 0x0a000200 && net->prefix_length == 24 &&
                         net->gateway == 0x0a000202 && net->resolver == 0x0a000203 && net->mtu == 65520);
    check("network of IPv6", net->address6.s6_addr[15] == 0x15 && net->prefix6.s6_addr[0] == 0xfd &&
                                 net->gateway6.s6_addr[15] == 2 && net->resolver6.s6_addr[15] == 3);
    const struct published_port *ports = net->ports;
    check("ports", net->port_count == 2 && ports[0].protocol == BL_IP_TCP && !ports[0].is_v6 &&
                       memcmp(&ports[0].host_address, "\x7f\0\0\x01", 4) == 0 && ports[0].host_port == 8080 &&
                       ports[0].box_port == 80 && ports[1].protocol == BL_IP_UDP && ports[1].is_v6 &&
                       ports[1].host_address.s6_addr[15] == 1 && ports[1].host_port == 0 && ports[1].box_port == 65535);
    check("rates", net->rates.type == NET_RATES && net->rates.tx == 1250000 && net->rates.rx == 0x100000000);
    const struct net_policy *policy = net->policy;
    check("policy", policy && policy->type == NET_POLICY && policy->mode == NET_MODE_LISTED && !policy->reports &&
                        policy->host_port_count == 2 && policy->host_ports[1] == 65535 && policy->rule_count == 2);
    const struct net_rule *denied = &policy->rules[0], *named = &policy->rules[1];
    check("a rule of addresses", denied->denies && denied->kind == NET_RULE_ADDRESS && denied->protocol == BL_IP_UDP &&
                                     denied->prefix_length == 104 && denied->first_port == 53 &&
                                     denied->last_port == 54 && denied->address.s6_addr[12] == 10 && !*denied->name);
    check("a rule of names", !named->denies && named->kind == NET_RULE_BELOW && !named->protocol &&
                                 named->last_port == 65535 && text_is(named->name, "example.com"));
    const struct link_config *link = &net->links[0];
    check("hubs", text_is(net->network_directory, "/home/a/.boxlite/networks") &&
                      text_is(net->hub_program, "/usr/lib/boxlite-hub"));
    check("links", net->link_count == 1 && text_is(link->network, "5f2c") && link->prefix == 0xac120000 &&
                       link->prefix_length == 16 && link->address == 0xac120002 && link->prefix6.s6_addr[0] == 0xfd &&
                       link->address6.s6_addr[15] == 2 && text_is(link->names, "web www.test 0123456789ab"));
    check("time limit", config.timeout_ms == 60000);
    config_free(&config);
}

static void refuses_every_truncation(const uint8_t *bytes, size_t size) {
    bool all = true;
    for (size_t n = 0; n < size; n++) {
        all = all && config_decode(bytes, n, &config, &err) == -1;
        config_free(&config);
    }
    check("a configuration cut short anywhere is refused", all);
}

/* Any result is right: only the sanitizers can fail here. */
static void survives_every_changed_byte(const uint8_t *bytes, size_t size) {
    uint8_t changed[4096];
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < size; at++)
        for (size_t i = 0; i < sizeof values; i++) {
            memcpy(changed, bytes, size);
            changed[at] = values[i];
            (void)config_decode(changed, size, &config, &err);
            config_free(&config);
        }
    check("any byte may be anything", true);
}

/* Changes to the end of the golden configuration. Counted from its end, it holds a link with an id of 4 bytes and names
 * of 25, the links' count, two paths, and two rates; rules of 36 and 47 bytes and their count, 8 bytes and two ports of
 * the host, mode and reports; before them published ports of 17 and 29 bytes, and their count. */
enum {
    LINK_BYTES = 4 + 4 + 4 + 1 + 4 + 20 + 20 + 4 + 25,
    LINKS_BYTES = LINK_BYTES + 4 + 4 + 25 + 4 + 20 + 16,
    POLICY_BYTES = LINKS_BYTES + 36 + 47 + 4 + 8 + 4 + 8,
};

static void refuses_an_impossible_network(const uint8_t *bytes, size_t size) {
    static const struct {
        const char *what;
        size_t before_end, length;
        uint8_t value;
    } cases[] = {
        {"a port of another protocol", POLICY_BYTES + 29, 1, 1},
        {"an address that is neither IPv4's nor IPv6's", POLICY_BYTES + 28, 1, 15},
        {"a host port above 65535", POLICY_BYTES + 6, 1, 1},
        {"a box port above 65535", POLICY_BYTES + 2, 1, 1},
        {"no box port", POLICY_BYTES + 4, 4, 0},
        {"more ports than a box may have", POLICY_BYTES + 49, 1, 3},
        {"an unknown mode", POLICY_BYTES, 1, 4},
        {"a port of the host's loopback above 65535", LINKS_BYTES + 89, 1, 1},
        {"no port of the host's loopback", LINKS_BYTES + 95, 4, 0},
        {"more ports of the host's loopback than there may be", LINKS_BYTES + 99, 1, 33},
        {"more rules than there may be", LINKS_BYTES + 87, 1, 129},
        {"a rule that neither allows nor denies", LINKS_BYTES + 47, 1, 2},
        {"a rule of an unknown kind", LINKS_BYTES + 46, 1, 3},
        {"a rule of names without one", LINKS_BYTES + 82, 1, 1},
        {"a rule of an unknown protocol", LINKS_BYTES + 45, 1, 2},
        {"a prefix longer than an address", LINKS_BYTES + 80, 1, 129},
        {"ports of a rule in the wrong order", LINKS_BYTES + 79, 1, 55},
        {"a hub that has no absolute path", LINK_BYTES + 4 + 20, 1, 'x'},
        {"a directory of networks that has no absolute path", LINK_BYTES + 4 + 20 + 4 + 25, 1, 'x'},
        {"more links than there may be", LINK_BYTES + 4, 1, 17},
        {"a link whose network is no id", LINK_BYTES - 4, 1, '/'},
        {"a link without a prefix", LINK_BYTES - 12, 1, 0},
        {"an address that is not in its network", LINK_BYTES - 13 - 3, 1, 1},
        {"one of IPv6 that is not, either", 25 + 4 + 16, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t changed[4096];
        memcpy(changed, bytes, size);
        memset(changed + size - cases[i].before_end, cases[i].value, cases[i].length);
        check(cases[i].what, config_decode(changed, size, &config, &err) == -1);
        config_free(&config);
    }
}

int main(void) {
    uint8_t bytes[4096];
    size_t size = read_vector("shim-config", bytes, sizeof bytes);
    reads_the_golden_configuration(bytes, size);
    refuses_every_truncation(bytes, size);
    refuses_an_impossible_network(bytes, size);
    survives_every_changed_byte(bytes, size);
    return 0;
}
