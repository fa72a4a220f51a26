//! Images that are started: by a PC's BIOS and by UEFI, in an emulator, and what others say of their boot catalogs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use imapi2fs::{
    BootEmulation, BootOptions, BootPlatform, FileSystemImage, FileSystems, Source, Timestamp,
};
use libtest_mimic::Trial;

use crate::case::chain;
use crate::program::{self, needs, unmet};
use crate::tool::{Scratch, Verdict, command, run};

/// What the payloads say when they run.
const PAYLOAD_RUNS: &str = "the payload runs";
const GRUB_RUNS: &str = "GRUB runs";
const ISOLINUX_RUNS: &str = "isolinux_runs";

/// An emulated machine is slow to start, and the more so on one that is busy.
const PATIENCE: Duration = Duration::from_secs(240);

const ISOLINUX: &str = "/usr/lib/ISOLINUX/isolinux.bin";
const LDLINUX: &str = "/usr/lib/syslinux/modules/bios/ldlinux.c32";
/// What it is made of for a BIOS and for UEFI.
const GRUB: [&str; 2] = ["/usr/lib/grub/i386-pc", "/usr/lib/grub/x86_64-efi"];
const OVMF: [&str; 2] = [
    "/usr/share/OVMF/OVMF_CODE_4M.fd",
    "/usr/share/OVMF/OVMF_VARS_4M.fd",
];

const PROGRAMS: &[&str] = &[
    "qemu-system-x86_64",
    "nasm",
    "grub-mkimage",
    "mkfs.vfat",
    "mmd",
    "mcopy",
];

/// What starts an image.
#[derive(Clone, Copy)]
enum Firmware {
    Bios,
    Uefi,
}

/// An image that boots.
struct Bootable {
    name: &'static str,
    /// Whether it is looked at unless all are.
    quick: bool,
    file_systems: FileSystems,
    options: fn(&Workshop) -> Result<Vec<BootOptions>, String>,
    starts: &'static [(Firmware, &'static str)],
}

const BOTH: &[(Firmware, &str)] = &[(Firmware::Bios, PAYLOAD_RUNS), (Firmware::Uefi, GRUB_RUNS)];

const ALL: &[Bootable] = &[
    Bootable {
        name: "for both, all file systems",
        quick: true,
        file_systems: FileSystems::all(),
        options: for_both,
        starts: BOTH,
    },
    Bootable {
        name: "for both, UDF alone",
        quick: true,
        file_systems: FileSystems::UDF,
        options: for_both,
        starts: BOTH,
    },
    Bootable {
        name: "for both, ISO 9660 alone",
        quick: false,
        file_systems: FileSystems::ISO9660,
        options: for_both,
        starts: BOTH,
    },
    Bootable {
        name: "for EFI alone, to the disc's end",
        quick: false,
        file_systems: FileSystems::all(),
        options: |workshop| Ok(vec![long_efi(workshop)?]),
        starts: &[(Firmware::Uefi, GRUB_RUNS)],
    },
    Bootable {
        name: "a floppy disk of 1.44 MB",
        quick: true,
        file_systems: FileSystems::all(),
        options: |workshop| disk(workshop, 1_474_560, BootEmulation::Floppy144),
        starts: &[(Firmware::Bios, PAYLOAD_RUNS)],
    },
    Bootable {
        name: "a floppy disk of 2.88 MB, UDF alone",
        quick: false,
        file_systems: FileSystems::UDF,
        options: |workshop| disk(workshop, 2_949_120, BootEmulation::Floppy288),
        starts: &[(Firmware::Bios, PAYLOAD_RUNS)],
    },
    Bootable {
        name: "a hard disk",
        quick: true,
        file_systems: FileSystems::all(),
        options: |workshop| disk(workshop, 1 << 20, BootEmulation::HardDisk),
        starts: &[(Firmware::Bios, PAYLOAD_RUNS)],
    },
    Bootable {
        name: "isolinux, a file of the image",
        quick: true,
        file_systems: FileSystems::all(),
        options: isolinux,
        starts: &[(Firmware::Bios, ISOLINUX_RUNS)],
    },
    Bootable {
        name: "GRUB for a BIOS",
        quick: false,
        file_systems: FileSystems::ISO9660.union(FileSystems::JOLIET),
        options: grub_for_bios,
        starts: &[(Firmware::Bios, GRUB_RUNS)],
    },
];

pub(crate) fn trials(required: bool, full: bool) -> Vec<Trial> {
    let unmet_programs = unmet(PROGRAMS.iter().map(|program| needs(program)));
    let unmet_starting = unmet_programs.or_else(|| {
        let files = [ISOLINUX, LDLINUX].iter().chain(&GRUB).chain(&OVMF);
        let missing = files.into_iter().find(|file| !Path::new(file).exists())?;
        Some(format!("{missing} is not installed"))
    });
    let mut trials = Vec::new();
    for bootable in ALL.iter().filter(|bootable| full || bootable.quick) {
        let name = format!("boot: {}", bootable.name);
        trials.push(program::trial(
            name,
            unmet_starting.clone(),
            required,
            move || Ok(start(bootable)?),
        ));
    }
    let judges = ["python3", "xorriso", "isoinfo", "7zz"].map(needs);
    let unmet_agreeing = unmet_starting.or_else(|| unmet(judges));
    let name = "boot: what others say".to_owned();
    trials.push(program::trial(name, unmet_agreeing, required, || {
        Ok(agreed()?)
    }));
    trials
}

/// Where boot images are made.
struct Workshop(Scratch);

impl Workshop {
    fn new() -> Result<Self, String> {
        Ok(Self(Scratch::new()?))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a program that makes `name`.
    fn make(&self, name: &str, command: &mut Command) -> Result<PathBuf, String> {
        let output = run(command)?;
        let file = self.file(name);
        if output.success && file.exists() {
            Ok(file)
        } else {
            Err(format!("{command:?}: {}", output.says()))
        }
    }

    /// A boot sector.
    fn payload(&self) -> Result<Vec<u8>, String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/payload.asm");
        let file = self.file("payload");
        let mut nasm = command("nasm");
        nasm.args(["-f", "bin", "-o"]).arg(&file).arg(source);
        fs::read(self.make("payload", &mut nasm)?).map_err(|error| error.to_string())
    }

    /// GRUB, which says a line and ends the machine.
    fn grub(&self, format: &str, modules: &[&str]) -> Result<PathBuf, String> {
        let config = self.file("grub.cfg");
        let says = format!(
            "serial --unit=0 --speed=115200\nterminal_output serial\necho {GRUB_RUNS}\nhalt\n"
        );
        fs::write(&config, says).map_err(|error| error.to_string())?;
        let mut mkimage = command("grub-mkimage");
        mkimage.args(["-O", format, "-p", "/", "-c"]).arg(config);
        mkimage.arg("-o").arg(self.file("grub"));
        mkimage.args(["serial", "terminal", "echo", "halt"]);
        self.make("grub", mkimage.args(modules))
    }

    /// A FAT volume of so many KiB that holds what UEFI starts.
    fn efi_system(&self, kib: u32) -> Result<PathBuf, String> {
        let grub = self.grub("x86_64-efi", &[])?;
        let name = "efi.img";
        let file = self.file(name);
        let mut mkfs = command("mkfs.vfat");
        self.make(name, mkfs.arg("-C").arg(&file).arg(kib.to_string()))?;
        let mut mmd = command("mmd");
        mmd.arg("-i").arg(&file).args(["::/EFI", "::/EFI/BOOT"]);
        self.make(name, &mut mmd)?;
        let mut mcopy = command("mcopy");
        mcopy.arg("-i").arg(&file).arg(grub);
        self.make(name, mcopy.arg("::/EFI/BOOT/BOOTX64.EFI"))
    }
}

fn options(image: impl Into<Source>) -> Result<BootOptions, String> {
    BootOptions::new(image).map_err(|error| chain(&error))
}

fn for_both(workshop: &Workshop) -> Result<Vec<BootOptions>, String> {
    let mut bios = options(workshop.payload()?)?;
    bios.set_manufacturer("Judged")
        .map_err(|error| chain(&error))?;
    let mut efi = options(workshop.efi_system(1440)?)?;
    efi.set_platform_id(BootPlatform::Efi);
    Ok(vec![bios, efi])
}

/// More than can be counted in sectors.
fn long_efi(workshop: &Workshop) -> Result<BootOptions, String> {
    let mut efi = options(workshop.efi_system(40 << 10)?)?;
    efi.set_platform_id(BootPlatform::Efi);
    efi.set_reaches_end(true);
    Ok(efi)
}

fn disk(
    workshop: &Workshop,
    len: usize,
    emulation: BootEmulation,
) -> Result<Vec<BootOptions>, String> {
    let mut disk = workshop.payload()?;
    disk.resize(len, 0);
    let mut options = options(disk)?;
    options
        .set_emulation(emulation)
        .map_err(|error| chain(&error))?;
    Ok(vec![options])
}

/// The image gets the files of isolinux besides.
fn isolinux(_: &Workshop) -> Result<Vec<BootOptions>, String> {
    let mut options = BootOptions::from_item("isolinux/isolinux.bin");
    options.set_boot_info_table(true);
    options.set_sector_count(4);
    Ok(vec![options])
}

fn grub_for_bios(workshop: &Workshop) -> Result<Vec<BootOptions>, String> {
    let mut options = options(workshop.grub("i386-pc-eltorito", &["biosdisk", "iso9660"])?)?;
    options.set_boot_info_table(true);
    options.set_grub2_boot_info(true);
    options.set_sector_count(4);
    Ok(vec![options])
}

/// Writes an image with these boot images.
fn write(
    workshop: &Workshop,
    file_systems: FileSystems,
    options: Vec<BootOptions>,
) -> Result<PathBuf, String> {
    let file = workshop.file("image.iso");
    let written = || -> Result<(), Box<dyn std::error::Error>> {
        let mut image = FileSystemImage::with_time(Timestamp::from_unix(1_700_000_000));
        image.set_file_systems_to_create(file_systems)?;
        image.set_volume_name("BOOTS")?;
        let root = image.root_mut();
        root.add_file("boot.cat", Source::boot_catalog())?;
        root.add_directory("isolinux")?;
        root.add_file("isolinux/isolinux.bin", Path::new(ISOLINUX))?;
        root.add_file("isolinux/ldlinux.c32", Path::new(LDLINUX))?;
        // It says the name of what it cannot find.
        let config = format!("SERIAL 0 9600\nDEFAULT {ISOLINUX_RUNS}\nPROMPT 0\n");
        root.add_file("isolinux/isolinux.cfg", config.into_bytes())?;
        image.set_boot_image_options_array(options)?;
        image
            .create_result_image()?
            .write_to(File::create(&file)?)?;
        Ok(())
    };
    written().map_err(|error| chain(&*error))?;
    Ok(file)
}

/// An emulated machine, which ends with this.
struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the image with all that is to start it.
fn start(bootable: &Bootable) -> Verdict {
    let workshop = Workshop::new()?;
    let options = (bootable.options)(&workshop)?;
    let image = write(&workshop, bootable.file_systems, options)?;
    for (place, (firmware, line)) in bootable.starts.iter().enumerate() {
        let serial = workshop.file(&format!("serial {place}"));
        let mut qemu = command("qemu-system-x86_64");
        qemu.args("-machine pc,accel=tcg -m 256 -display none -monitor none".split(' '));
        qemu.args("-no-reboot -net none -boot d -serial".split(' '));
        qemu.arg(format!("file:{}", serial.display()));
        if let Firmware::Uefi = firmware {
            let [code, variables] = OVMF;
            let own = workshop.file("variables");
            fs::copy(variables, &own).map_err(|error| error.to_string())?;
            let flash = |file: &str, readonly: &str| {
                [
                    "-drive".to_owned(),
                    format!("if=pflash,format=raw{readonly},file={file}"),
                ]
            };
            qemu.args(flash(code, ",readonly=on"));
            qemu.args(flash(&own.to_string_lossy(), ""));
        }
        qemu.arg("-cdrom").arg(&image);
        let child = qemu.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut machine = Machine(child.map_err(|error| error.to_string())?);
        let began = Instant::now();
        loop {
            let ended = machine.0.try_wait().map_err(|error| error.to_string())?;
            let text = fs::read(&serial).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            if text.contains(line) {
                break;
            }
            if ended.is_some() || began.elapsed() > PATIENCE {
                return Err(format!("`{line}` is not to be seen: {text}"));
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

/// Readers of boot catalogs find what was asked for.
fn agreed() -> Verdict {
    let workshop = Workshop::new()?;
    let mut options = isolinux(&workshop)?;
    options[0]
        .set_manufacturer("Judged")
        .map_err(|error| chain(&error))?;
    options.extend(for_both(&workshop)?.into_iter().skip(1));
    options.extend(disk(&workshop, 1_228_800, BootEmulation::Floppy12)?);
    let image = write(&workshop, FileSystems::all(), options)?;

    let expect = |says: &str, lines: &[&str]| match lines.iter().find(|line| !says.contains(**line))
    {
        None => Ok(()),
        Some(line) => Err(format!("not there: {line}\n{says}")),
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/isocheck.py");
    let output = run(command("python3").arg(script).arg(&image).arg("--strict"))?;
    expect(
        &output.stdout(),
        &[
            "'platform': 0, 'bootable': True, 'media': 0, 'segment': 0, 'system': 0, 'sectors': 4",
            "'file': '/ISOLINUX/ISOLINUX.BIN;1', 'boot_info_table': True",
            "'platform': 239, 'bootable': True, 'media': 0, 'segment': 0, 'system': 0, 'sectors': 2880",
            "'platform': 0, 'bootable': True, 'media': 1, 'segment': 0, 'system': 0, 'sectors': 1",
            "isocheck: PASS 0 kinds of error, 0 warnings",
        ],
    )?;
    let mut xorriso = command("xorriso");
    xorriso.args(["-no_rc", "-indev"]).arg(&image);
    let output = run(xorriso.args(["-report_el_torito", "plain"]))?;
    expect(
        &output.says(),
        &[
            "El Torito cat path : /boot.cat",
            "El Torito boot img :   1  BIOS  y   none  0x0000  0x00      4",
            "El Torito boot img :   2  UEFI  y   none  0x0000  0x00   2880",
            "El Torito boot img :   3  BIOS  y  fd1.2  0x0000  0x00      1",
            "El Torito img opts :   1  boot-info-table isohybrid-suitable",
            "El Torito img path :   1  /isolinux/isolinux.bin",
        ],
    )?;
    let mut xorriso = command("xorriso");
    xorriso.args(["-no_rc", "-indev"]).arg(&image);
    let output = run(xorriso.args(["-report_el_torito", "as_mkisofs"]))?;
    expect(
        &output.says(),
        &[
            "-c '/boot.cat'",
            "-b '/isolinux/isolinux.bin'",
            "-no-emul-boot",
            "-boot-load-size 4",
            "-boot-info-table",
            "-eltorito-alt-boot",
        ],
    )?;
    let output = run(command("isoinfo").arg("-d").arg("-i").arg(&image))?;
    expect(
        &output.says(),
        &[
            "El Torito VD version 1 found, boot catalog is in sector",
            "Hid 1",
            "ID 'Judged'",
            "Bootid 88 (bootable)",
            "Boot media 0 (No Emulation Boot)",
            "Nsect 4",
        ],
    )?;
    let output = run(command("7zz").args(["l", "-tiso"]).arg(&image))?;
    expect(
        &output.says(),
        &["1-Boot-NoEmul.img", "2-Boot-NoEmul.img", "3-Boot-1.2M.img"],
    )
}
