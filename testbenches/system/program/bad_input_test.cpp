// SPDX-License-Identifier: MIT
// A mistake of the user's: exit status 2, one line with where, what and the remedy, and nothing half-written left behind.
#include "program.hpp"

namespace ahcisim {
namespace {

using BadInput = Program;

TEST_F(BadInput, UnknownKeyIsAnsweredWithTheNearest) {
  refused({"run", "ncq_vs_sequential", "--set", "pcie.link.lane=4"}, {"--set", "pcie.link.lane", "did you mean \"pcie.link.lanes\""});
  refused_experiment(experiment("blok = \"4KiB\""), {"e.toml:9:", "blok", "workload.block"});
}

TEST_F(BadInput, SettingWithoutEquals) { refused({"run", "ncq_vs_sequential", "--set", "lanes"}, {"--set lanes", "key=value"}); }

TEST_F(BadInput, ValueWithoutUnit) {
  refused({"run", "ncq_vs_sequential", "--set", "host.cpu.syscall=600"}, {"host.cpu.syscall", "has no unit", "0.6ms"});
  refused_experiment(experiment("think = 0.5"), {"e.toml:9:", "no unit"});
}

TEST_F(BadInput, ValueOutOfRange) {
  refused({"run", "ncq_vs_sequential", "--set", "workload.depth=-1"}, {"workload.depth", "outside 0"});
  refused({"run", "ncq_vs_sequential", "--set", "sata.device_generation=4"}, {"sata.device_generation", "1 … 3"});
}

TEST_F(BadInput, UnknownDriveAndWord) {
  refused({"run", "ncq_vs_sequential", "--set", "machine.drive=samsung-850"}, {"unknown drive", "ahcisim list"});
  refused({"run", "ncq_vs_sequential", "--set", "host.driver.interrupts=msj"}, {"interrupts", "msi"});
}

TEST_F(BadInput, KeysOfOtherDrivesAndInterfaces) {
  const auto with = [this](const std::string& choice, const std::string& setting, const std::vector<std::string>& words) {
    refused_experiment(experiment(), words, {"--set", choice, "--set", setting});
  };
  with("machine.drive=samsung-850-pro", "hdd.queue_order=fifo", {"--set: hdd.queue_order", "only a hard disk has it", "machine.drive"});
  with("machine.drive=instant", "ssd.channels=4", {"ssd.channels", "only a solid state drive has it", "samsung-850-pro"});
  with("machine.interface=ide", "ahci.ports=2", {"ahci.ports", "only with AHCI", "machine.interface = \"ahci\""});
  with("machine.interface=ahci", "ide.bus=none", {"ide.bus", "only with IDE", "machine.interface = \"ide\""});
  refused_experiment("[ssd]\nchannels = 4\n" + experiment(), {"e.toml:2:", "ssd.channels", "only a solid state drive has it"});
  refused_experiment(experiment(), {"guest.controller.queue_size", "only with virtio-blk"},
                     {"--set", "machine.deployment=emulated", "--set", "machine.interface=ide", "--set", "guest.controller.queue_size=64"});
}

TEST_F(BadInput, OpticalDrives) {
  refused_experiment(experiment("", "dvd-rom"), {"dvd-rom", "workloads run on disks", "ahcisim serve"});
  refused_experiment(experiment(), {"optical.speed", "only an optical drive has it", "dvd-rom"}, {"--set", "optical.speed=8"});
  write("small.iso", std::string(1024, '\0'));
  const auto serve = [this](const std::string& more, const std::vector<std::string>& words) {
    write("m.toml", "[machine]\ndrive = \"dvd-rom\"\n" + more);
    refused({"serve", "m.toml", "--vfio-user", "s.sock"}, words);
  };
  serve("image = \"gone.iso\"\n", {"gone.iso", "no such file"});
  serve("image = \"small.iso\"\n", {"small.iso", "blocks of 2048 bytes", "truncate"});
  serve("image_access = \"read_write\"\n", {"m.toml:3:", "machine.image_access", "read-only"});
  serve("interface = \"ide\"\n", {"m.toml:2:", "behind AHCI only"});
  serve("deployment = \"emulated\"\n", {"m.toml:2:", "bare_metal"});
  serve("[ata]\nmodel = \"X\"\n", {"m.toml:4:", "ata.model"});
  serve("[optical]\naccess = \"20ms\"\n", {"m.toml:4:", "optical.access", "seek curve"});
  serve("[optical]\nspeed = 100\n", {"m.toml:4:", "optical.speed", "1 … 24"});
}

/// A fault that shows only with other settings, or in the block, is told where the setting stands.
TEST_F(BadInput, ChecksNameFileLineAndKey) {
  refused_experiment("[pcie.link]\nlanes = 3\n" + experiment(), {"e.toml:2:9: pcie.link.lanes = 3: give a power of two"});
  refused_experiment("[pcie.link]\nmax_payload = \"192B\"\n" + experiment(), {"e.toml:2:15: pcie.link.max_payload = 192: give a power of two"});
  refused_experiment("[pcie.link]\nmax_payload = \"1KiB\"\n" + experiment(), {"e.toml:2:15: pcie.link.max_payload = \"1KiB\"", "512B at most"});
  refused_experiment("[pcie.link]\ntags = 300\n" + experiment(), {"e.toml:2:8: pcie.link.tags", "1 … 256"});
  refused_experiment("[sata]\ndevice_lowest_generation = 3\ndevice_generation = 1\n" + experiment(), {"e.toml:2:28: sata.device_lowest_generation = 3", "lower it"});
  refused_experiment("[ata]\nserial = \"" + std::string(21, 'x') + "\"\n" + experiment(), {"e.toml:2:10: ata.serial", "20 printable"});
  refused_experiment("[ssd]\ncapacity = \"100000001B\"\n" + experiment("", "samsung-850-pro"), {"e.toml:2:12: ssd.capacity", "no multiple of 512"});
  refused_experiment("[host.driver]\ntimeout = \"1s\"\n" + experiment("block = \"1000B\""), {"e.toml:11:9: workload.block = \"1000B\"", "no multiple of 512"});
  refused_experiment(experiment("offset = \"65GiB\""), {"e.toml:9:10: workload.offset = \"65GiB\"", "beyond the disk"});
  refused_experiment(experiment("span = \"65GiB\""), {"e.toml:9:8: workload.span = \"65GiB\"", "beyond the disk"});
  refused_experiment(experiment(), {"--set: machine.instant_capacity", "multiple of 512"}, {"--set", "machine.instant_capacity=1048577B"});
}

TEST_F(BadInput, DriverAddressesThatOverlap) {
  const auto with = [this](const std::vector<std::string>& settings, const std::vector<std::string>& words) {
    std::vector<std::string> more;
    for (const std::string& setting : settings) more.insert(more.end(), {"--set", setting});
    refused_experiment(experiment(), words, more);
  };
  with({"host.driver.ecam=3221225472B"}, {"--set: host.driver.ecam = \"3GiB\": overlaps host.driver.window = \"3GiB\"", "move one"});
  with({"host.driver.message_address=3758096383B"}, {"--set: host.driver.message_address", "overlaps host.driver.ecam"});
  with({"host.driver.window=3223322620B", "host.driver.ecam=3221225472B"}, {"host.driver.ecam", "overlaps host.driver.window"});
  with({"host.driver.window=1GiB"}, {"--set: host.driver.window = \"1GiB\": lies in memory", "host.memory.size = \"8GiB\"", "between 3 GiB and 4 GiB"});
  with({"host.driver.ecam=6GiB"}, {"host.driver.ecam", "host.memory.size"});
  const std::string emulated = "machine.deployment=emulated";
  with({emulated, "machine.interface=virtio_blk", "guest.driver.message_address=4026597372B"},
       {"--set: guest.driver.message_address", "overlaps guest.driver.io_base"});
  with({emulated, "machine.interface=ide", "guest.driver.io_base=3758096384B"}, {"--set: guest.driver.io_base", "overlaps guest.driver.ecam"});
  with({emulated, "guest.driver.window=0B"}, {"--set: guest.driver.window", "guest.memory.size"});
  with({"machine.interface=ide", "host.driver.io_base=0B"}, {"--set: host.driver.io_base", "host.memory.size"});
  with({"machine.interface=ide", "host.driver.io_window=70000B"}, {"--set: host.driver.io_window", "64 KiB", "host.driver.io_base"});
}

TEST_F(BadInput, SettingsThatContradictEachOther) {
  refused_experiment(experiment(), {"--set: machine.image_access", "set machine.image too"}, {"--set", "machine.image_access=read_only"});
  refused_experiment(experiment(), {"--set: ata.queue_depth", "machine.interface = \"ahci\""},
                     {"--set", "machine.interface=ide", "--set", "ata.queue_depth=16"});
}

TEST_F(BadInput, TracesThatIssueNothing) {
  write("queued.blkparse", "8,0 0 1 0.0 1 Q R 1 + 8 [x]\n8,0 0 1 0.1 1 I R 1 + 8 [x]\n");
  refused_experiment(experiment("file = \"queued.blkparse\""), {"queued.blkparse: issues nothing", "blktrace -a issue"});
  write("bare.log", "fio version 3 iolog\n");
  refused_experiment(experiment("file = \"bare.log\""), {"bare.log: has no I/O", "fio --write_iolog"});
}

TEST_F(BadInput, WordsOfAnEmulatedMachine) {
  const std::vector<std::string> emulated{"run", "ncq_vs_sequential", "--set", "machine.deployment=emulated", "--set"};
  const auto with = [&emulated](const std::string& setting) {
    std::vector<std::string> arguments = emulated;
    arguments.push_back(setting);
    return arguments;
  };
  refused(with("vm.costs=epyc-2002"), {"--set: vm.costs", "epyc-2002", "epyc-2020|kvm-2012|atom-2010|tcg"});
  refused(with("image.cache=writeback2"), {"--set: image.cache", "writeback|none|writethrough|directsync|unsafe"});
  refused(with("machine.interface=scsi"), {"--set: machine.interface", "ahci|ide|virtio_blk"});
  refused(with("host.page_cache.size=4KiB"), {"--set: host.page_cache.size", "256KiB"});
  refused(with("guest.controller.ports=0"), {"--set: guest.controller.ports", "1 … 32"});
}

TEST_F(BadInput, SettingsThatTheMachineHasNoUseFor) {
  for (const char* setting : {"guest.io=buffered", "vm.exit=1us", "vm.costs=kvm-2012", "image.size=1GiB", "host.page_cache.size=1GiB", "machine.interface=virtio_blk"}) {
    const std::string text{setting};
    refused({"run", "ncq_vs_sequential", "--set", text}, {"--set: " + text.substr(0, text.find('=')), "machine.deployment = \"emulated\""});
  }
  for (const char* setting : {"sata.device=absent", "pcie.link.lanes=2"})
    refused_experiment(experiment(), {"--set: ", "machine.interface = \"ahci\""}, {"--set", "machine.interface=ide", "--set", setting});
  refused_experiment(experiment(), {"ahci.ports"}, {"--set", "machine.interface=ide", "--set", "ahci.ports=2"});
  refused_experiment(experiment(), {"guest.driver.ncq"}, {"--set", "machine.deployment=emulated", "--set", "machine.interface=ide", "--set", "guest.driver.ncq=false"});
  refused_experiment(experiment(), {"image.file.size", "set image.size"}, {"--set", "machine.deployment=emulated", "--set", "image.file.size=1GiB"});
  refused_experiment(experiment(), {"machine.image", "image.backing = \"drive\""},
                     {"--set", "machine.deployment=emulated", "--set", "image.backing=tmpfs", "--set", "machine.image=disk.img"});
  refused_experiment(experiment(), {"machine.image", "image.file.layout = \"contiguous\""},
                     {"--set", "machine.deployment=emulated", "--set", "image.file.layout=sparse", "--set", "machine.image=disk.img"});
}

TEST_F(BadInput, ImageOfAnEmulatedMachine) {
  const auto image = [this](const std::vector<std::string>& settings, const std::vector<std::string>& words) {
    std::vector<std::string> more{"--set", "machine.deployment=emulated"};
    for (const std::string& setting : settings) more.insert(more.end(), {"--set", setting});
    refused_experiment(experiment(), words, more);
  };
  image({"image.size=1TiB"}, {"image.size = \"1TiB\"", "room for", "make it smaller"});
  image({"image.size=5000B"}, {"image.size = \"5000B\"", "multiple of 4KiB", "take 8KiB"});
  image({"image.size=4097B"}, {"image.size", "take 8KiB"});
  image({"machine.instant_capacity=16MiB"}, {"machine.drive = \"instant\"", "larger drive", "image.file.journal_size"});
  image({"workload.offset=33GiB"}, {"beyond the disk", "take less"});
  image({"image.size=1MiB", "workload.offset=2MiB"}, {"beyond the disk of 2048 sectors"});
  image({"sata.device=absent"}, {"the host's disk", "check sata.device"});
  write("disk.img", "");
  fs::resize_file(folder() / "disk.img", 128 << 20);
  image({"machine.instant_capacity=128MiB", "machine.image=disk.img", "machine.image_access=read_only", "workload.pattern=randwrite"},
        {"disk.img", "read-only", "overlay"});
}

TEST_F(BadInput, ContradictoryTopologies) {
  refused({"run", "ncq_vs_sequential", "--set", "ahci.ports=0"}, {"ahci.ports", "1 … 32"});
  refused({"run", "ncq_vs_sequential", "--set", "sata.device_generation=1", "--set", "sata.device_lowest_generation=2"},
          {"device_lowest_generation", "lower it"});
  refused({"run", "ncq_vs_sequential", "--set", "pcie.link.lanes=3"}, {"lanes = 3", "power of two"});
  refused({"run", "ncq_vs_sequential", "--set", "host.driver.port=7", "--set", "ahci.ports=2"}, {"port 7"});
}

TEST_F(BadInput, DeviceThatNeverIsReady) {
  refused({"run", "ncq_vs_sequential", "--set", "sata.device=absent"}, {"no port of the HBA has a disk", "check sata.device"});
  refused({"run", "ncq_vs_sequential", "--set", "sata.bit_error_rate=1e-3x"}, {"COMRESETs; lower sata.bit_error_rate"});
  // What the driver says has its remedy already.
  refused({"run", "ncq_vs_sequential", "--set", "ahci.s64a=false", "--set", "host.memory.size=16GiB"}, {"host.memory.size to 3GiB or less\n"});
  refused({"run", "ncq_vs_sequential", "--set", "sata.device=mute"}, {"check sata.device"});
}

TEST_F(BadInput, MissingExperiment) {
  refused({"run", "ncq_vs_sequentail"}, {"ncq_vs_sequentail", "did you mean \"ncq_vs_sequential\"", "ahcisim list"});
  refused({"run", "nowhere/x.toml"}, {"nowhere/x.toml"});
}

TEST_F(BadInput, CommandLine) {
  refused({}, {"--help"});
  refused({"run"}, {"EXPERIMENT", "--help"});
  refused({"run", "ncq_vs_sequential", "--wave"}, {"--wave"});
  refused({"foo"}, {"\"foo\"", "run", "registers"});
  refused({"runn", "x"}, {"\"runn\"", "did you mean \"run\""});
  refused({"run", "ncq_vs_sequential", "--timeline", "-1"}, {"--timeline", "\"-1\"", "whole number from 0"});
  refused({"run", "ncq_vs_sequential", "-j", "many"}, {"--jobs", "\"many\"", "whole number"});
  refused({"run", "ncq_vs_sequential", "-r", ""}, {"--results", "empty"});
  refused({"report", "-r", ""}, {"--results", "empty"});
  refused({"run", "ncq_vs_sequential", "--waves", "--timeline", "0"}, {"--waves", "--timeline 200"});
  refused({"run", "ncq_vs_sequential", "--point", "depth 33"}, {"depth 33", "NCQ depth 32"});
  refused({"params", "pcie.link.lanez"}, {"pcie.link.lanes"});
}

TEST_F(BadInput, TomlSyntax) {
  refused_experiment("title = \"x\"\nseed = = 1\n", {"e.toml:2:8: "});
  refused_experiment("seed = \"one\"\n" + experiment(), {"e.toml:1:8: ", "seed"});
  refused_experiment(experiment() + "[[workload]]\npattern = \"read\"\n", {"e.toml:10", "no name"});
}

TEST_F(BadInput, DuplicateNames) {
  refused_experiment(experiment() + "[[workload]]\nname = \"reads\"\n", {"e.toml", "two workloads", "reads"});
  refused_experiment(experiment() + "[[point]]\nname = \"p\"\n[[point]]\nname = \"p\"\n", {"e.toml", "two points"});
  refused_experiment(experiment() + "[[workload]]\nname = \"x\"\nname = \"y\"\n", {"e.toml:12:"});
}

TEST_F(BadInput, Axes) {
  const std::string depths = "[[axis]]\nname = \"depth\"\nkey = \"workload.depth\"\nvalues = [1, 2]\n";
  refused_experiment(experiment(depths + "step = 2"), {"e.toml:13:", "key", "values", "[[axis.point]]"});
  refused_experiment(experiment("[[axis]]\nkey = \"workload.depth\"\nvalues = [1]"), {"e.toml:9:", "no name"});
  refused_experiment(experiment("[[axis]]\nname = \"depth\"\nvalues = [1]"), {"e.toml:9:", "\"depth\"", "key"});
  refused_experiment(experiment("[[axis]]\nname = \"depth\"\nkey = \"workload.depth\""), {"e.toml:9:", "values"});
  refused_experiment(experiment("[[axis]]\nname = \"depth\"\nkey = \"workload.depth\"\nvalues = []"), {"e.toml:9:", "no values"});
  refused_experiment(experiment("[[axis]]\nname = \"depth\"\nkey = \"workload.depth\"\nvalues = [1, 2.5]"), {"e.toml:12:", "no unit"});
  refused_experiment(experiment("[[axis]]\nname = \"depth\"\nkey = \"workload.deep\"\nvalues = [1]"), {"e.toml:12:", "workload.deep"});
  refused_experiment(experiment(depths + "[[axis.point]]\nname = \"x\""), {"e.toml:9:", "not both"});
  refused_experiment(experiment("[[axis]]\nname = \"a\"\n[[axis.point]]\nset = { \"workload.depth\" = 1 }"), {"e.toml:11:", "[[axis.point]]", "no name"});
  refused_experiment(experiment(depths + depths.substr(0, 8) + "\nname = \"depth\"\nkey = \"workload.depth\"\nvalues = [1, 1]"), {"two points", "depth 1, depth 1"});
  std::string many;
  for (int i = 0; i < 5; ++i) many += "[[axis]]\nname = \"a" + std::to_string(i) + "\"\nkey = \"workload.depth\"\nvalues = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n";
  refused_experiment(experiment(many), {"more than 10000 points"});
}

TEST_F(BadInput, WorkloadWithoutEnd) {
  refused_experiment("[machine]\ndrive = \"instant\"\n[[workload]]\nname = \"reads\"\n", {"no end", "requests or runtime"});
}

TEST_F(BadInput, MissingWorkloadFile) { refused_experiment(experiment("file = \"gone.blkparse\""), {"gone.blkparse"}); }

TEST_F(BadInput, TruncatedArchive) {
  const std::string whole = text_of(std::string{AHCISIM_SOURCE_DIR} + "/testbenches/experiments/traces/pgbench.blkparse.xz");
  ASSERT_GT(whole.size(), 10'000u);
  write("cut.blkparse.xz", whole.substr(0, whole.size() / 2));
  refused_experiment("[machine]\ndrive = \"instant\"\n[[workload]]\nname = \"cut\"\nfile = \"cut.blkparse.xz\"\nloop = \"closed\"\nbeyond_disk = \"fold\"\n", {"cut.blkparse.xz"});
}

TEST_F(BadInput, MalformedTraceLine) {
  write("bad.trace", "0.5 0 100 8 1\n1.0 0 oops 8 1\n");
  refused_experiment(experiment("file = \"bad.trace\""), {"bad.trace:2:7: ", "oops"});
}

TEST_F(BadInput, RequestBeyondTheDisk) {
  write("far.trace", "0.5 0 100 8 1\n1.0 0 900000000000 8 1\n");
  refused_experiment(experiment("file = \"far.trace\""), {"far.trace:2: request 2", "beyond_disk"});
  refused_experiment(experiment("offset = \"65GiB\""), {"beyond the disk"});
}

TEST_F(BadInput, Images) {
  const std::string machine = "[machine]\ndrive = \"instant\"\ninstant_capacity = \"1MiB\"\nimage = \"disk.img\"\n";
  const std::string workload = "[[workload]]\nname = \"reads\"\nrequests = 10\n";
  refused_experiment(machine + workload, {"disk.img", "truncate"});
  write("disk.img", std::string(1000, 'x'));
  refused_experiment(machine + workload, {"disk.img", "512"});
  write("disk.img", std::string(512 * 100, 'x'));
  refused_experiment(machine + workload, {"disk.img", "100 sectors", "truncate -s 1048576"});
}

TEST_F(BadInput, ReadOnlyImageOpenedForWriting) {
  write("disk.img", std::string(1 << 20, 'x'));
  fs::permissions(folder() / "disk.img", fs::perms::owner_read | fs::perms::others_read);
  fs::permissions(folder(), fs::perms::all);
  write("e.toml", "[machine]\ndrive = \"instant\"\ninstant_capacity = \"1MiB\"\nimage = \"disk.img\"\nimage_access = \"read_write\"\n"
                  "[[workload]]\nname = \"reads\"\nrequests = 10\n");
  const auto drop_root = [] {  // root may write anything
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(97);
  };
  if (geteuid() == 0 && run({"list"}, drop_root).status == 98) GTEST_SKIP() << "the build folder is closed to other users";
  refused({"run", "e.toml"}, {"disk.img", "writ"}, drop_root);
}

TEST_F(BadInput, WritesToAReadOnlyImage) {
  write("disk.img", std::string(1 << 20, 'x'));
  const std::string machine = "[machine]\ndrive = \"instant\"\ninstant_capacity = \"1MiB\"\nimage = \"disk.img\"\nimage_access = \"read_only\"\n";
  for (const char* pattern : {"randwrite", "trim", "randrw\"\nreads = \"90%"})
    refused_experiment(machine + "[[workload]]\nname = \"w\"\npattern = \"" + pattern + "\"\nrequests = 100\n",
                       {"disk.img", "read-only", "overlay", "read_write"});
}

TEST_F(BadInput, ResultsFolderThatCannotBeMade) {
  write("e.toml", experiment());
  write("a-file", "");
  refused({"run", "e.toml", "--results", "a-file/results"}, {"a-file/results", "--results"});
  refused({"run", "e.toml", "--results", "a-file"}, {"a-file", "--results"});
  refused({"run", "e.toml", "--results", "/proc/ahcisim"}, {"/proc/ahcisim", "--results"});
}

TEST_F(BadInput, ResultsFolderThatIsSomebodyElses) {
  write("e.toml", experiment());
  fs::create_directory(folder() / "home");
  write("home/letter.txt", "dear");
  refused({"run", "e.toml", "--results", "home"}, {"home", "letter.txt", "--results"});
  EXPECT_EQ(text_of(folder() / "home/letter.txt"), "dear");
}

TEST_F(BadInput, DiskThatIsFull) {
  write("e.toml", experiment());
  refused({"run", "e.toml"}, {"results/e/", "cannot be written", "make room"}, [] {
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
  });
}

TEST_F(BadInput, FailedRunLeavesEarlierResultsAlone) {
  write("e.toml", experiment());
  ASSERT_EQ(run({"run", "e.toml", "--results", "r"}).status, 0);
  const std::string before = text_of(folder() / "r/stats.json");
  refused({"run", "e.toml", "--results", "r", "--set", "sata.device=absent"}, {"check sata.device"});
  EXPECT_EQ(text_of(folder() / "r/stats.json"), before);
}

}  // namespace
}  // namespace ahcisim
