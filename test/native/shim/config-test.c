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
    check("preload", text_is(config.preload, ""));
    check("on exit", text_is(config.exit_argv[1], "cli.js") && text_is(config.exit_env[0], "HOME=/root"));
    check("shares", config.share_fd == 6 && config.share_count == 1 && config.shares[0].flags == 1 &&
                        text_is(config.shares[0].path, "/srv/data: of mine"));
    check("exit delay", config.exit_delay_ms == 100);
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

/* The sanitizers judge; any answer will do. */
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

int main(void) {
    uint8_t bytes[4096];
    size_t size = read_vector("shim-config", bytes, sizeof bytes);
    reads_the_golden_configuration(bytes, size);
    refuses_every_truncation(bytes, size);
    survives_every_changed_byte(bytes, size);
    return 0;
}
