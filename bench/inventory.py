#!/usr/bin/env python3
"""How many agent inventories a second a served Mandate takes in, durable: bench/inventory.py MANDATE BENCH_INVENTORY [DEVICES]

Bodies are made and packed beforehand: zlib XML as FusionInventory sends it, about 1,000 packages each out of a pool of 3,000. 32 connections
post them. Beside each figure stands what taking a message apart alone would allow (BENCH_INVENTORY, the program built from bench/inventory.c),
and the processor time the server spent on each.
"""
import http.client
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zlib

MANDATE, PARSE, DEVICES = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 600
THREADS = 32
dice = random.Random(1)
POOL = [(f"lib{dice.choice('abcdefghijklmnopqrstuvwxyz')}{n}-{dice.choice(['dev', 'data', 'bin', 'common', 'perl', 'utils'])}",
         f"{dice.randint(0, 9)}.{dice.randint(0, 30)}.{dice.randint(0, 20)}-{dice.randint(1, 9)}+deb12u{dice.randint(1, 5)}") for n in range(3000)]


def body(number, packages):
    rows = "".join(f"<SOFTWARES>\n      <ARCH>amd64</ARCH>\n      <COMMENTS>a package that does what packages do</COMMENTS>\n      <FILESIZE>{n * 911}</FILESIZE>\n"
                   f"      <FROM>deb</FROM>\n      <NAME>{name}</NAME>\n      <PUBLISHER>Debian</PUBLISHER>\n      <SYSTEM_CATEGORY>libs</SYSTEM_CATEGORY>\n"
                   f"      <VERSION>{version}</VERSION>\n    </SOFTWARES>\n" for n, (name, version) in enumerate(packages))
    processes = "".join(f"<PROCESSES><CMD>/usr/bin/process-{n} --option</CMD><CPUUSAGE>0.1</CPUUSAGE><MEM>0.2</MEM><PID>{n}</PID><USER>root</USER></PROCESSES>\n"
                        for n in range(100))
    mac = ":".join(f"{b:02x}" for b in (0, 27, 33, number >> 16 & 255, number >> 8 & 255, number & 255))
    return f"""<?xml version="1.0" encoding="UTF-8" ?>
<REQUEST><CONTENT><BIOS><SSN>BENCH{number:06}</SSN><SMANUFACTURER>Dell Inc.</SMANUFACTURER><SMODEL>Latitude 7420</SMODEL><BVERSION>1.21.0</BVERSION></BIOS>
<HARDWARE><NAME>lt-{number:06}</NAME><UUID>4C4C4544-0058-4B10-8050-{number:012X}</UUID><MEMORY>16384</MEMORY><CHASSIS_TYPE>Notebook</CHASSIS_TYPE></HARDWARE>
<OPERATINGSYSTEM><NAME>Debian GNU/Linux</NAME><VERSION>12.11</VERSION><KERNEL_VERSION>6.1.0-30-amd64</KERNEL_VERSION><ARCH>x86_64</ARCH></OPERATINGSYSTEM>
<CPUS><NAME>Intel(R) Core(TM) i5-1145G7</NAME><CORE>4</CORE><THREAD>8</THREAD><SPEED>2600</SPEED></CPUS>
<NETWORKS><DESCRIPTION>eth0</DESCRIPTION><MACADDR>{mac}</MACADDR><IPADDRESS>10.1.{number >> 8 & 255}.{number & 255}</IPADDRESS><IPMASK>255.255.0.0</IPMASK><STATUS>Up</STATUS><TYPE>ethernet</TYPE></NETWORKS>
<DRIVES><TYPE>/</TYPE><VOLUMN>/dev/nvme0n1p2</VOLUMN><TOTAL>240000</TOTAL><FREE>120000</FREE><FILESYSTEM>ext4</FILESYSTEM></DRIVES>
<STORAGES><NAME>nvme0n1</NAME><MODEL>PM951 NVMe</MODEL><SERIAL>S{number:09}</SERIAL><DISKSIZE>256060</DISKSIZE></STORAGES>
{processes}{rows}<VERSIONCLIENT>FusionInventory-Agent_v2.6-3</VERSIONCLIENT></CONTENT><DEVICEID>lt-{number:06}-2026</DEVICEID><QUERY>INVENTORY</QUERY></REQUEST>
""".encode()


def processor_time(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def post_all(address, token, bodies):
    bad = []

    def work(mine):
        connection = http.client.HTTPConnection(address)
        for data in mine:
            connection.request("POST", "/inventory", data, {"Authorization": "Bearer " + token, "Content-Type": "application/x-compress-zlib"})
            got = connection.getresponse()
            text = got.read()
            if got.status != 200:
                bad.append((got.status, text))
    threads = [threading.Thread(target=work, args=(bodies[i::THREADS],)) for i in range(THREADS)]
    start = time.time()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if bad:
        sys.exit(f"refused: {bad[0]}")
    return time.time() - start


def main():
    folder = tempfile.mkdtemp(prefix="mandate-bench-")
    server = None
    try:
        data = os.path.join(folder, "estate")
        token = subprocess.run([MANDATE, "token", "--data", data], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
        base = sorted(dice.sample(POOL, 1000))
        sets = [sorted([p for p in base if dice.random() > 0.02] + dice.sample(POOL, 20)) for _ in range(DEVICES)]
        plain = [body(n, sets[n]) for n in range(DEVICES)]
        sample = os.path.join(folder, "sample.xml")
        with open(sample, "wb") as file:
            file.write(zlib.compress(plain[0]))
        parsed = float(re.search(r"([\d.]+) 1/s", subprocess.run([PARSE, sample], check=True, stdout=subprocess.PIPE, text=True).stdout).group(1))
        print(f"{'taking a message apart alone, one core':52} {parsed:8.0f} 1/s     {len(plain[0]) // 1024} KiB, packed {os.path.getsize(sample) // 1024} KiB")
        server = subprocess.Popen([MANDATE, "serve", "--data", data, "--listen", "127.0.0.1:0", "--inventory-rate", "0"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        address = re.search(r"http://(\S+)", server.stdout.readline()).group(1)
        new = [zlib.compress(b) for b in plain]
        moved = [zlib.compress(body(n, sets[n][:-3] + [(p, v + "~new") for p, v in sets[n][-3:]])) for n in range(DEVICES)]
        shared = [zlib.compress(body(DEVICES + n, sets[0])) for n in range(DEVICES)]
        post_all(address, token, [zlib.compress(body(DEVICES * 3, POOL))])  # the pool is known, as after the first day
        for name, bodies in (("new device, package set of its own", new), ("new device, package set that others have", shared),
                             ("unchanged", new), ("three packages changed", moved)):
            before = processor_time(server.pid)
            took = post_all(address, token, bodies)
            spent = (processor_time(server.pid) - before) / len(bodies)
            print(f"{name:52} {len(bodies) / took:8.0f} 1/s     {spent * 1000:.1f} ms of processor time each, {len(bodies) / took / parsed:.2f} of parsing alone on one core")
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
