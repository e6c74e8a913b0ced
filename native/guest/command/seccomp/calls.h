/* The rules by name, for each instruction set's file to include in its table (so without a guard). They are those of
 * Docker's default profile, turned round: what it does not allow is listed, and which capabilities lift that. The list
 * is closed all the same: no number is ever given to another call, and SECCOMP_NEWEST_CALL ends what is known.
 *
 * OLD names a call whose number every C library knows, NEW one that has the same number everywhere. */
#define OLD(name, answer, lifted) {__NR_##name, ANSWER_##answer, lifted},
#define NEW(number, name, answer, lifted) {number, ANSWER_##answer, lifted},
#define BY(capability) (UINT64_C(1) << CAP_##capability)
#define NEVER 0

/* Namespaces. The flags of clone3 lie in memory, where no filter can look; a program that finds clone3 missing uses
 * clone. */
OLD(clone, THREADS, BY(SYS_ADMIN))
NEW(435, clone3, MISSING, BY(SYS_ADMIN))
OLD(unshare, REFUSED, BY(SYS_ADMIN))
OLD(setns, REFUSED, BY(SYS_ADMIN))

/* Mounts, and files by other ways than their names. */
OLD(mount, REFUSED, BY(SYS_ADMIN))
#ifdef __NR_umount
OLD(umount, REFUSED, BY(SYS_ADMIN))
#endif
OLD(umount2, REFUSED, BY(SYS_ADMIN))
NEW(428, open_tree, REFUSED, BY(SYS_ADMIN))
NEW(429, move_mount, REFUSED, BY(SYS_ADMIN))
NEW(430, fsopen, REFUSED, BY(SYS_ADMIN))
NEW(431, fsconfig, REFUSED, BY(SYS_ADMIN))
NEW(432, fsmount, REFUSED, BY(SYS_ADMIN))
NEW(433, fspick, REFUSED, BY(SYS_ADMIN))
NEW(442, mount_setattr, REFUSED, BY(SYS_ADMIN))
OLD(pivot_root, REFUSED, NEVER)
OLD(chroot, REFUSED, BY(SYS_CHROOT))
OLD(open_by_handle_at, REFUSED, BY(DAC_READ_SEARCH))
OLD(fanotify_init, REFUSED, BY(SYS_ADMIN))
OLD(quotactl, REFUSED, BY(SYS_ADMIN))
NEW(443, quotactl_fd, REFUSED, BY(SYS_ADMIN))
OLD(swapon, REFUSED, NEVER)
OLD(swapoff, REFUSED, NEVER)
OLD(nfsservctl, REFUSED, NEVER)

/* What of the kernel is not divided into namespaces: its keys, clocks, log, power, modules. */
OLD(add_key, REFUSED, NEVER)
OLD(request_key, REFUSED, NEVER)
OLD(keyctl, REFUSED, NEVER)
OLD(settimeofday, REFUSED, BY(SYS_TIME))
OLD(clock_settime, REFUSED, BY(SYS_TIME))
#ifdef __NR_stime
OLD(stime, REFUSED, BY(SYS_TIME))
#endif
#ifdef __NR_clock_settime64
OLD(clock_settime64, REFUSED, BY(SYS_TIME))
#endif
OLD(syslog, REFUSED, BY(SYS_ADMIN) | BY(SYSLOG))
OLD(acct, REFUSED, BY(SYS_PACCT))
OLD(reboot, REFUSED, BY(SYS_BOOT))
OLD(kexec_load, REFUSED, NEVER)
#ifdef __NR_kexec_file_load
OLD(kexec_file_load, REFUSED, NEVER)
#endif
OLD(init_module, REFUSED, BY(SYS_MODULE))
OLD(finit_module, REFUSED, BY(SYS_MODULE))
OLD(delete_module, REFUSED, BY(SYS_MODULE))
OLD(sethostname, REFUSED, BY(SYS_ADMIN))
OLD(setdomainname, REFUSED, BY(SYS_ADMIN))
OLD(vhangup, REFUSED, BY(SYS_TTY_CONFIG))
OLD(lookup_dcookie, REFUSED, BY(SYS_ADMIN))
NEW(459, lsm_get_self_attr, REFUSED, BY(SYS_ADMIN))
NEW(460, lsm_set_self_attr, REFUSED, BY(SYS_ADMIN))
NEW(461, lsm_list_modules, REFUSED, BY(SYS_ADMIN))
#ifdef __NR_iopl
OLD(iopl, REFUSED, BY(SYS_RAWIO))
OLD(ioperm, REFUSED, BY(SYS_RAWIO))
#endif

/* Large interfaces, where most of the kernel's faults have been, and which few programs need. */
OLD(bpf, REFUSED, BY(SYS_ADMIN) | BY(BPF))
OLD(perf_event_open, REFUSED, BY(SYS_ADMIN) | BY(PERFMON))
OLD(userfaultfd, REFUSED, NEVER)
NEW(425, io_uring_setup, REFUSED, NEVER)
NEW(426, io_uring_enter, REFUSED, NEVER)
NEW(427, io_uring_register, REFUSED, NEVER)
OLD(socket, FAMILIES, NEVER)

/* Other processes, beyond what ptrace may do to one's own. */
OLD(kcmp, REFUSED, BY(SYS_PTRACE))
NEW(438, pidfd_getfd, REFUSED, BY(SYS_PTRACE))
NEW(440, process_madvise, REFUSED, BY(SYS_PTRACE))
OLD(personality, PERSONALITIES, NEVER)
OLD(mbind, REFUSED, BY(SYS_NICE))
OLD(set_mempolicy, REFUSED, BY(SYS_NICE))
OLD(get_mempolicy, REFUSED, BY(SYS_NICE))
NEW(450, set_mempolicy_home_node, REFUSED, BY(SYS_NICE))
OLD(migrate_pages, REFUSED, NEVER)
OLD(move_pages, REFUSED, NEVER)

/* Of old kernels; many of these are in none any more. */
#ifdef __NR_uselib
OLD(uselib, REFUSED, NEVER)
OLD(ustat, REFUSED, NEVER)
OLD(sysfs, REFUSED, NEVER)
OLD(_sysctl, REFUSED, NEVER)
OLD(create_module, REFUSED, NEVER)
OLD(get_kernel_syms, REFUSED, NEVER)
OLD(query_module, REFUSED, NEVER)
OLD(getpmsg, REFUSED, NEVER)
OLD(putpmsg, REFUSED, NEVER)
OLD(afs_syscall, REFUSED, NEVER)
OLD(vserver, REFUSED, NEVER)
#endif
#ifdef __NR_tuxcall
OLD(tuxcall, REFUSED, NEVER)
OLD(security, REFUSED, NEVER)
#endif
#ifdef __NR_vm86
OLD(vm86, REFUSED, NEVER)
OLD(vm86old, REFUSED, NEVER)
OLD(bdflush, REFUSED, NEVER)
#endif
