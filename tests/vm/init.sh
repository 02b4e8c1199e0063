#!/bin/busybox sh
# The first process of the virtual machine: inserts the modules, mounts the host's root read-only, runs the script that the
# kernel's command line names (stoa_run=PATH, which arrives here as a variable), and switches the machine off.
busybox=/bin/busybox
$busybox mkdir -p /proc /sys /dev /host
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev
while read -r module parameters; do
    $busybox insmod "/modules/$module" $parameters || echo "insmod $module failed"
done </modules/order
$busybox ifconfig lo 127.0.0.1 up
$busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro host /host || echo "no host"
for folder in proc sys dev; do $busybox mount --move /$folder /host/$folder; done
$busybox mount -t tmpfs tmpfs /host/run
$busybox mkdir -p /host/dev/shm /host/dev/pts /host/run/tmp /host/run/home
$busybox mount -t tmpfs tmpfs /host/dev/shm
$busybox stty -F /host/dev/ttyS1 raw 2>/dev/null
# busybox is static, and goes on from here when the tree that it came from is out of sight
$busybox chroot /host /bin/sh "$stoa_run" </dev/null >/host/dev/ttyS1 2>&1
printf '\nSTOA-EXIT %s\n' "$?" >/host/dev/ttyS1
$busybox poweroff -f
