/* The tables of GLPI's inventory format (its JSON Schema, draft 7, version 1.0): names, types and values, one row a member.
 * Neighbours: check.c reads them; tests/integration/test_inventory.py holds them against the schema itself. */
#include "rules.h"

static const struct rule accesslog[] = {
	{ "logdate", RULE_TEXT, .required = true, .form = FORM_TIME }, { "userid", RULE_TEXT }, { 0 },
};
static const struct rule antivirus[] = {
	{ "company", RULE_TEXT }, { "enabled", RULE_BOOL }, { "guid", RULE_TEXT }, { "name", RULE_TEXT },
	{ "uptodate", RULE_BOOL }, { "version", RULE_TEXT }, { "expiration", RULE_TEXT, .form = FORM_DATE },
	{ "base_creation", RULE_TEXT, .form = FORM_DATE }, { "base_version", RULE_TEXT }, { 0 },
};
static const struct rule error[] = {
	{ "id", RULE_INT }, { "message", RULE_TEXT }, { "type", RULE_TEXT }, { 0 },
};
static const struct rule batteries[] = {
	{ "capacity", RULE_INT }, { "real_capacity", RULE_INT }, { "date", RULE_TEXT, .form = FORM_DATE },
	{ "chemistry", RULE_TEXT }, { "manufacturer", RULE_TEXT }, { "name", RULE_TEXT }, { "serial", RULE_TEXT },
	{ "voltage", RULE_INT }, { 0 },
};
static const struct rule bios[] = {
	{ "assettag", RULE_TEXT }, { "bdate", RULE_TEXT, .form = FORM_DATE_OR_TIME }, { "bmanufacturer", RULE_TEXT },
	{ "bversion", RULE_TEXT }, { "mmanufacturer", RULE_TEXT }, { "mmodel", RULE_TEXT }, { "msn", RULE_TEXT },
	{ "skunumber", RULE_TEXT }, { "smanufacturer", RULE_TEXT }, { "smodel", RULE_TEXT }, { "ssn", RULE_TEXT },
	{ "biosserial", RULE_TEXT }, { "enclosureserial", RULE_TEXT },
	{ "secure_boot", RULE_TEXT, .one_of = "|enabled|disabled|unsupported|" }, { 0 },
};
static const struct rule controllers[] = {
	{ "caption", RULE_TEXT }, { "driver", RULE_TEXT }, { "manufacturer", RULE_TEXT }, { "name", RULE_TEXT },
	{ "pcisubsystemid", RULE_TEXT }, { "pciclass", RULE_TEXT }, { "pcislot", RULE_TEXT }, { "productid", RULE_TEXT },
	{ "rev", RULE_TEXT }, { "type", RULE_TEXT }, { "vendorid", RULE_TEXT }, { "model", RULE_TEXT },
	{ "serial", RULE_TEXT }, { 0 },
};
static const struct rule cpus[] = {
	{ "arch", RULE_TEXT, .one_of = "|mips|mips64|alpha|sparc|sparc64|m68k|i#86|x86_64|powerpc|powerpc64|arm*|aarch64|" },
	{ "core", RULE_INT }, { "corecount", RULE_INT }, { "description", RULE_TEXT }, { "external_clock", RULE_INT },
	{ "familyname", RULE_TEXT }, { "familynumber", RULE_TEXT }, { "id", RULE_TEXT }, { "manufacturer", RULE_TEXT },
	{ "model", RULE_TEXT }, { "name", RULE_TEXT }, { "serial", RULE_TEXT }, { "speed", RULE_INT },
	{ "stepping", RULE_INT }, { "thread", RULE_INT }, { "cache", RULE_TEXT }, { 0 },
};
static const struct rule drives[] = {
	{ "description", RULE_TEXT }, { "letter", RULE_TEXT }, { "systemdrive", RULE_BOOL }, { "filesystem", RULE_TEXT },
	{ "free", RULE_INT }, { "serial", RULE_TEXT }, { "total", RULE_INT }, { "type", RULE_TEXT },
	{ "volumn", RULE_TEXT }, { "createdate", RULE_TEXT }, { "label", RULE_TEXT }, { "encrypt_name", RULE_TEXT },
	{ "encrypt_algo", RULE_TEXT }, { "encrypt_status", RULE_TEXT }, { "encrypt_type", RULE_TEXT }, { 0 },
};
static const struct rule envs[] = {
	{ "key", RULE_TEXT, .required = true }, { "val", RULE_TEXT, .required = true }, { 0 },
};
static const struct rule firewalls[] = {
	{ "description", RULE_TEXT }, { "ipaddress", RULE_TEXT }, { "ipaddress6", RULE_TEXT }, { "profile", RULE_TEXT },
	{ "status", RULE_TEXT, .required = true }, { 0 },
};
static const struct rule hardware[] = {
	{ "chassis_type", RULE_TEXT }, { "datelastloggeduser", RULE_TEXT }, { "defaultgateway", RULE_TEXT },
	{ "dns", RULE_TEXT }, { "lastloggeduser", RULE_TEXT }, { "memory", RULE_INT }, { "name", RULE_TEXT },
	{ "swap", RULE_INT }, { "uuid", RULE_TEXT }, { "vmsystem", RULE_TEXT }, { "workgroup", RULE_TEXT },
	{ "type", RULE_TEXT }, { "description", RULE_TEXT }, { "winprodid", RULE_TEXT }, { "winowner", RULE_TEXT },
	{ "winprodkey", RULE_TEXT }, { "wincompany", RULE_TEXT }, { "winlang", RULE_TEXT }, { 0 },
};
static const struct rule inputs[] = {
	{ "caption", RULE_TEXT }, { "description", RULE_TEXT }, { "type", RULE_TEXT }, { "name", RULE_TEXT },
	{ "manufacturer", RULE_TEXT }, { "interface", RULE_TEXT }, { "layout", RULE_TEXT }, { "pointingtype", RULE_TEXT },
	{ 0 },
};
static const struct rule local_groups[] = {
	{ "id", RULE_TEXT, .required = true }, { "members", RULE_TEXTS }, { "name", RULE_TEXT, .required = true }, { 0 },
};
static const struct rule local_users[] = {
	{ "home", RULE_TEXT }, { "id", RULE_TEXT, .required = true }, { "login", RULE_TEXT }, { "name", RULE_TEXT },
	{ "shell", RULE_TEXT }, { 0 },
};
static const struct rule physical_volumes[] = {
	{ "attr", RULE_TEXT }, { "device", RULE_TEXT, .required = true }, { "format", RULE_TEXT, .required = true },
	{ "free", RULE_INT, .required = true }, { "pe_size", RULE_INT }, { "pv_pe_count", RULE_INT, .required = true },
	{ "pv_uuid", RULE_TEXT, .required = true }, { "size", RULE_INT, .required = true }, { "vg_uuid", RULE_TEXT },
	{ 0 },
};
static const struct rule volume_groups[] = {
	{ "attr", RULE_TEXT }, { "free", RULE_INT, .required = true }, { "lv_count", RULE_INT, .required = true },
	{ "pv_count", RULE_INT, .required = true }, { "size", RULE_INT, .required = true },
	{ "vg_extent_size", RULE_TEXT, .required = true }, { "vg_name", RULE_TEXT, .required = true },
	{ "vg_uuid", RULE_TEXT, .required = true }, { 0 },
};
static const struct rule logical_volumes[] = {
	{ "attr", RULE_TEXT }, { "lv_name", RULE_TEXT, .required = true }, { "lv_uuid", RULE_TEXT, .required = true },
	{ "seg_count", RULE_INT }, { "size", RULE_INT, .required = true }, { "vg_uuid", RULE_TEXT },
	{ "vg_name", RULE_TEXT }, { 0 },
};
static const struct rule memories[] = {
	{ "capacity", RULE_INT }, { "caption", RULE_TEXT }, { "description", RULE_TEXT }, { "manufacturer", RULE_TEXT },
	{ "memorycorrection", RULE_TEXT }, { "numslots", RULE_INT }, { "serialnumber", RULE_TEXT }, { "model", RULE_TEXT },
	{ "speed", RULE_TEXT }, { "type", RULE_TEXT }, { "formfactor", RULE_TEXT }, { "purpose", RULE_TEXT },
	{ "removable", RULE_BOOL }, { 0 },
};
static const struct rule monitors[] = {
	{ "base64", RULE_TEXT }, { "caption", RULE_TEXT }, { "description", RULE_TEXT }, { "manufacturer", RULE_TEXT },
	{ "serial", RULE_TEXT }, { "altserial", RULE_TEXT }, { "port", RULE_TEXT }, { "uuencode", RULE_TEXT },
	{ "name", RULE_TEXT }, { "type", RULE_TEXT }, { 0 },
};
static const struct rule networks[] = {
	{ "description", RULE_TEXT, .required = true }, { "management", RULE_BOOL }, { "ipaddress", RULE_TEXT },
	{ "ipaddress6", RULE_TEXT }, { "ipdhcp", RULE_TEXT }, { "ipgateway", RULE_TEXT }, { "ipmask", RULE_TEXT },
	{ "ipmask6", RULE_TEXT }, { "ipsubnet", RULE_TEXT }, { "ipsubnet6", RULE_TEXT }, { "mac", RULE_TEXT },
	{ "pciid", RULE_TEXT }, { "pnpdeviceid", RULE_TEXT }, { "speed", RULE_TEXT },
	{ "status", RULE_TEXT, .one_of = "|up|down|dormant|notpresent|lowerlayerdown|unknown|testing|" },
	{ "type", RULE_TEXT, .one_of = "|ethernet|wifi|infiniband|aggregate|alias|dialup|loopback|bridge|fibrechannel|bluetooth|" },
	{ "virtualdev", RULE_BOOL }, { "manufacturer", RULE_TEXT }, { "model", RULE_TEXT }, { "wwn", RULE_TEXT },
	{ "driver", RULE_TEXT }, { "firmware", RULE_TEXT }, { "pcislot", RULE_TEXT }, { "mtu", RULE_INT },
	{ "slaves", RULE_TEXT }, { "base", RULE_TEXT }, { "wifi_ssid", RULE_TEXT }, { "wifi_bssid", RULE_TEXT },
	{ "wifi_mode", RULE_TEXT }, { "wifi_version", RULE_TEXT }, { 0 },
};
static const struct rule timezone[] = {
	{ "name", RULE_TEXT, .required = true }, { "offset", RULE_TEXT, .required = true, .form = FORM_OFFSET }, { 0 },
};
static const struct rule operatingsystem[] = {
	{ "arch", RULE_TEXT }, { "boot_time", RULE_TEXT, .form = FORM_TIME }, { "dns_domain", RULE_TEXT },
	{ "fqdn", RULE_TEXT }, { "full_name", RULE_TEXT }, { "hostid", RULE_TEXT },
	{ "install_date", RULE_TEXT, .form = FORM_DATE_OR_TIME }, { "kernel_name", RULE_TEXT },
	{ "kernel_version", RULE_TEXT }, { "name", RULE_TEXT }, { "ssh_key", RULE_TEXT }, { "service_pack", RULE_TEXT },
	{ "timezone", RULE_OBJECT, .members = timezone }, { "version", RULE_TEXT }, { 0 },
};
static const struct rule ports[] = {
	{ "caption", RULE_TEXT }, { "description", RULE_TEXT }, { "name", RULE_TEXT },
	{ "type", RULE_TEXT, .required = true }, { 0 },
};
static const struct rule printers[] = {
	{ "description", RULE_TEXT }, { "driver", RULE_TEXT }, { "name", RULE_TEXT, .required = true },
	{ "network", RULE_BOOL }, { "port", RULE_TEXT }, { "printprocessor", RULE_TEXT }, { "resolution", RULE_TEXT },
	{ "shared", RULE_BOOL }, { "status", RULE_TEXT }, { "comment", RULE_TEXT }, { "errstatus", RULE_TEXT },
	{ "servername", RULE_TEXT }, { "sharename", RULE_TEXT }, { "serial", RULE_TEXT }, { 0 },
};
static const struct rule processes[] = {
	{ "cmd", RULE_TEXT, .required = true }, { "cpuusage", RULE_TEXT }, { "mem", RULE_TEXT },
	{ "pid", RULE_INT, .required = true }, { "started", RULE_TEXT, .form = FORM_TIME }, { "tty", RULE_TEXT },
	{ "user", RULE_TEXT, .required = true }, { "virtualmemory", RULE_INT }, { 0 },
};
static const struct rule remote_mgmt[] = {
	{ "id", RULE_TEXT, .required = true }, { "type", RULE_TEXT, .required = true }, { "version", RULE_TEXT }, { 0 },
};
static const struct rule slots[] = {
	{ "description", RULE_TEXT }, { "designation", RULE_TEXT }, { "name", RULE_TEXT, .required = true },
	{ "status", RULE_TEXT, .one_of = "|free|used|" }, { 0 },
};
static const struct rule softwares[] = {
	{ "arch", RULE_TEXT }, { "comments", RULE_TEXT }, { "filesize", RULE_INT }, { "from", RULE_TEXT },
	{ "guid", RULE_TEXT }, { "install_date", RULE_TEXT, .form = FORM_DATE_OR_TIME },
	{ "name", RULE_TEXT, .required = true }, { "publisher", RULE_TEXT }, { "system_category", RULE_TEXT },
	{ "uninstall_string", RULE_TEXT }, { "url_info_about", RULE_TEXT }, { "version", RULE_TEXT },
	{ "folder", RULE_TEXT }, { "helplink", RULE_TEXT }, { "no_remove", RULE_BOOL }, { "release_type", RULE_TEXT },
	{ "version_minor", RULE_TEXT }, { "version_major", RULE_TEXT }, { "username", RULE_TEXT }, { "userid", RULE_TEXT },
	{ 0 },
};
static const struct rule sounds[] = {
	{ "caption", RULE_TEXT }, { "description", RULE_TEXT }, { "manufacturer", RULE_TEXT }, { "name", RULE_TEXT },
	{ 0 },
};
static const struct rule storages[] = {
	{ "description", RULE_TEXT }, { "disksize", RULE_INT }, { "firmware", RULE_TEXT }, { "interface", RULE_TEXT },
	{ "manufacturer", RULE_TEXT }, { "model", RULE_TEXT }, { "name", RULE_TEXT }, { "scsi_coid", RULE_TEXT },
	{ "scsi_lun", RULE_TEXT }, { "scsi_unid", RULE_TEXT }, { "scsi_chid", RULE_TEXT }, { "serial", RULE_TEXT },
	{ "type", RULE_TEXT }, { "wwn", RULE_TEXT }, { "encrypt_name", RULE_TEXT }, { "encrypt_algo", RULE_TEXT },
	{ "encrypt_status", RULE_TEXT }, { "encrypt_type", RULE_TEXT }, { 0 },
};
static const struct rule usbdevices[] = {
	{ "caption", RULE_TEXT }, { "class", RULE_TEXT }, { "manufacturer", RULE_TEXT }, { "name", RULE_TEXT },
	{ "productid", RULE_TEXT }, { "subclass", RULE_TEXT }, { "vendorid", RULE_TEXT }, { "serial", RULE_TEXT }, { 0 },
};
static const struct rule users[] = {
	{ "domain", RULE_TEXT }, { "login", RULE_TEXT }, { 0 },
};
static const struct rule videos[] = {
	{ "name", RULE_TEXT }, { "chipset", RULE_TEXT }, { "memory", RULE_INT }, { "resolution", RULE_TEXT },
	{ "pcislot", RULE_TEXT }, { 0 },
};
static const struct rule virtualmachines[] = {
	{ "image", RULE_TEXT }, { "ipaddress", RULE_TEXT }, { "memory", RULE_INT },
	{ "name", RULE_TEXT, .required = true }, { "operatingsystem", RULE_OBJECT, .members = operatingsystem },
	{ "status", RULE_TEXT, .one_of = "|running|blocked|idle|paused|shutdown|crashed|dying|off|" },
	{ "subsystem", RULE_TEXT }, { "uuid", RULE_TEXT }, { "vcpu", RULE_INT }, { "vmtype", RULE_TEXT },
	{ "mac", RULE_TEXT }, { "comment", RULE_TEXT }, { "owner", RULE_TEXT }, { "serial", RULE_TEXT }, { 0 },
};
static const struct rule licenseinfos[] = {
	{ "name", RULE_TEXT }, { "fullname", RULE_TEXT }, { "key", RULE_TEXT }, { "components", RULE_TEXT },
	{ "trial", RULE_BOOL }, { "update", RULE_TEXT }, { "activation_date", RULE_TEXT, .form = FORM_TIME },
	{ "productid", RULE_TEXT }, { 0 },
};
static const struct rule modems[] = {
	{ "name", RULE_TEXT }, { "description", RULE_TEXT }, { "type", RULE_TEXT }, { "model", RULE_TEXT },
	{ "manufacturer", RULE_TEXT }, { "serial", RULE_TEXT }, { "imei", RULE_TEXT_OR_TEXTS }, { 0 },
};
static const struct rule firmwares[] = {
	{ "name", RULE_TEXT }, { "description", RULE_TEXT }, { "type", RULE_TEXT }, { "version", RULE_TEXT },
	{ "date", RULE_TEXT, .form = FORM_DATE }, { "manufacturer", RULE_TEXT }, { 0 },
};
static const struct rule simcards[] = {
	{ "serial", RULE_TEXT }, { "phone_number", RULE_TEXT }, { "iccid", RULE_TEXT }, { "state", RULE_TEXT },
	{ "country", RULE_TEXT }, { "operator_code", RULE_TEXT }, { "operator_name", RULE_TEXT },
	{ "subscriber_id", RULE_TEXT }, { 0 },
};
static const struct rule sensors[] = {
	{ "name", RULE_TEXT }, { "manufacturer", RULE_TEXT }, { "type", RULE_TEXT }, { "version", RULE_TEXT }, { 0 },
};
static const struct rule powersupplies[] = {
	{ "name", RULE_TEXT }, { "power_max", RULE_INT }, { "serialnumber", RULE_TEXT }, { "manufacturer", RULE_TEXT },
	{ "partnum", RULE_TEXT }, { "model", RULE_TEXT }, { "hotreplaceable", RULE_BOOL }, { "plugged", RULE_BOOL },
	{ "status", RULE_TEXT }, { "location", RULE_TEXT }, { 0 },
};
static const struct rule cameras[] = {
	{ "resolution", RULE_TEXTS }, { "lensfacing", RULE_TEXT }, { "designation", RULE_TEXT },
	{ "flashunit", RULE_BOOL }, { "imageformats", RULE_TEXTS }, { "orientation", RULE_TEXT },
	{ "focallength", RULE_TEXT }, { "sensorsize", RULE_TEXT }, { "manufacturer", RULE_TEXT },
	{ "resolutionvideo", RULE_TEXTS }, { "model", RULE_TEXT }, { "supports", RULE_TEXTS }, { 0 },
};
static const struct rule network_ports[] = {
	{ "connections", RULE_ANY_LIST }, { "lldp", RULE_BOOL }, { "aggregate", RULE_INTS }, { "ifdescr", RULE_TEXT },
	{ "ifalias", RULE_TEXT }, { "ifinerrors", RULE_INT }, { "ifinbytes", RULE_INT },
	{ "ifinternalstatus", RULE_INT, .min = 1, .max = 3 }, { "iflastchange", RULE_TEXT }, { "ifmtu", RULE_INT },
	{ "ifname", RULE_TEXT }, { "ifnumber", RULE_INT }, { "ifouterrors", RULE_INT }, { "ifoutbytes", RULE_INT },
	{ "ifspeed", RULE_INT }, { "ifportduplex", RULE_INT, .min = 1, .max = 3 },
	{ "ifstatus", RULE_INT, .min = 1, .max = 7 }, { "iftype", RULE_INT }, { "mac", RULE_TEXT }, { "ips", RULE_TEXTS },
	{ "trunk", RULE_BOOL }, { "vlans", RULE_ANY_LIST }, { 0 },
};
static const struct rule network_components[] = {
	{ "contained_index", RULE_INT }, { "description", RULE_TEXT }, { "fru", RULE_INT }, { "index", RULE_INT },
	{ "manufacturer", RULE_TEXT }, { "model", RULE_TEXT }, { "name", RULE_TEXT }, { "serial", RULE_TEXT },
	{ "stack_number", RULE_INT }, { "type", RULE_TEXT }, { "firmware", RULE_TEXT }, { "mac", RULE_TEXT },
	{ "ip", RULE_TEXT }, { 0 },
};
static const struct rule pagecounters[] = {
	{ "total", RULE_INT }, { "black", RULE_INT }, { "color", RULE_INT }, { "rectoverso", RULE_INT },
	{ "scanned", RULE_INT }, { "printtotal", RULE_INT }, { "printblack", RULE_INT }, { "printcolor", RULE_INT },
	{ "copytotal", RULE_INT }, { "copyblack", RULE_INT }, { "copyblack_a3", RULE_INT }, { "copycolor", RULE_INT },
	{ "copycolor_a3", RULE_INT }, { "faxtotal", RULE_INT }, { "duplex", RULE_INT }, { 0 },
};
static const struct rule cartridges[] = {
	{ "name", RULE_TEXT }, { "value", RULE_TEXT }, { 0 },
};
static const struct rule consumables[] = {
	{ "type", RULE_TEXT }, { "color", RULE_TEXT }, { "value", RULE_TEXT }, { "unit", RULE_TEXT }, { "max", RULE_INT },
	{ 0 },
};
static const struct rule versionprovider[] = {
	{ "comments", RULE_TEXTS }, { "name", RULE_TEXT }, { "perl_args", RULE_TEXT }, { "perl_config", RULE_TEXTS },
	{ "perl_exe", RULE_TEXT }, { "perl_inc", RULE_TEXT }, { "perl_module", RULE_TEXTS }, { "perl_version", RULE_TEXT },
	{ "program", RULE_TEXT }, { "etime", RULE_INT }, { "version", RULE_TEXT }, { 0 },
};
static const struct rule network_device[] = {
	{ "description", RULE_TEXT }, { "cpu", RULE_INT }, { "firmware", RULE_TEXT }, { "ips", RULE_TEXTS },
	{ "location", RULE_TEXT }, { "mac", RULE_TEXT }, { "memory", RULE_INT }, { "model", RULE_TEXT },
	{ "name", RULE_TEXT }, { "assettag", RULE_TEXT }, { "ram", RULE_INT }, { "serial", RULE_TEXT },
	{ "type", RULE_TEXT, .required = true, .one_of = "|Unmanaged|Computer|Networking|Printer|Storage|Power|Phone|Video|KVM|" },
	{ "uptime", RULE_TEXT }, { "manufacturer", RULE_TEXT }, { "contact", RULE_TEXT }, { "credentials", RULE_INT },
	{ 0 },
};
static const struct rule databases[] = {
	{ "name", RULE_TEXT, .required = true }, { "size", RULE_INT }, { "is_active", RULE_BOOL },
	{ "is_onbackup", RULE_BOOL }, { "creation_date", RULE_TEXT, .form = FORM_TIME },
	{ "update_date", RULE_TEXT, .form = FORM_TIME }, { "last_backup_date", RULE_TEXT, .form = FORM_TIME }, { 0 },
};
static const struct rule databases_services[] = {
	{ "type", RULE_TEXT }, { "name", RULE_TEXT, .required = true }, { "version", RULE_TEXT, .required = true },
	{ "manufacturer", RULE_TEXT }, { "port", RULE_INT }, { "path", RULE_TEXT }, { "size", RULE_INT },
	{ "is_active", RULE_BOOL }, { "is_onbackup", RULE_BOOL }, { "last_boot_date", RULE_TEXT, .form = FORM_TIME },
	{ "last_backup_date", RULE_TEXT, .form = FORM_TIME }, { "databases", RULE_LIST, .members = databases }, { 0 },
};
static const struct rule content[] = {
	{ "accesslog", RULE_OBJECT, .members = accesslog }, { "antivirus", RULE_LIST, .members = antivirus },
	{ "error", RULE_OBJECT_OR_ELSE, .members = error }, { "batteries", RULE_LIST, .members = batteries },
	{ "bios", RULE_OBJECT, .members = bios }, { "controllers", RULE_LIST, .members = controllers },
	{ "cpus", RULE_LIST, .members = cpus }, { "drives", RULE_LIST, .members = drives },
	{ "envs", RULE_LIST, .members = envs }, { "firewalls", RULE_LIST, .members = firewalls },
	{ "hardware", RULE_OBJECT, .members = hardware }, { "inputs", RULE_LIST, .members = inputs },
	{ "local_groups", RULE_LIST, .members = local_groups }, { "local_users", RULE_LIST, .members = local_users },
	{ "physical_volumes", RULE_LIST, .members = physical_volumes },
	{ "volume_groups", RULE_LIST, .members = volume_groups },
	{ "logical_volumes", RULE_LIST, .members = logical_volumes }, { "memories", RULE_LIST, .members = memories },
	{ "monitors", RULE_LIST, .members = monitors }, { "networks", RULE_LIST, .members = networks },
	{ "operatingsystem", RULE_OBJECT, .members = operatingsystem }, { "ports", RULE_LIST, .members = ports },
	{ "printers", RULE_LIST, .members = printers }, { "processes", RULE_LIST, .members = processes },
	{ "remote_mgmt", RULE_LIST, .members = remote_mgmt }, { "slots", RULE_LIST, .members = slots },
	{ "softwares", RULE_LIST, .members = softwares }, { "sounds", RULE_LIST, .members = sounds },
	{ "storages", RULE_LIST, .members = storages }, { "usbdevices", RULE_LIST, .members = usbdevices },
	{ "users", RULE_LIST, .members = users }, { "videos", RULE_LIST, .members = videos },
	{ "virtualmachines", RULE_LIST, .members = virtualmachines },
	{ "licenseinfos", RULE_LIST, .members = licenseinfos }, { "modems", RULE_LIST, .members = modems },
	{ "firmwares", RULE_LIST, .members = firmwares }, { "simcards", RULE_LIST, .members = simcards },
	{ "sensors", RULE_LIST, .members = sensors }, { "powersupplies", RULE_LIST, .members = powersupplies },
	{ "cameras", RULE_LIST, .members = cameras }, { "network_ports", RULE_LIST, .members = network_ports },
	{ "network_components", RULE_LIST, .members = network_components },
	{ "pagecounters", RULE_OBJECT, .members = pagecounters }, { "cartridges", RULE_LIST, .members = cartridges },
	{ "consumables", RULE_LIST, .members = consumables }, { "versionclient", RULE_TEXT, .required = true },
	{ "versionprovider", RULE_OBJECT, .members = versionprovider },
	{ "network_device", RULE_OBJECT, .members = network_device },
	{ "databases_services", RULE_LIST, .members = databases_services }, { 0 },
};
const struct rule inventory_rules[] = {
	{ "content", RULE_OBJECT, .required = true, .members = content }, { "deviceid", RULE_TEXT, .required = true },
	{ "jobid", RULE_INT }, { "itemtype", RULE_TEXT, .one_of = "|Unmanaged|Computer|Phone|NetworkEquipment|Printer|" },
	{ "partial", RULE_BOOL }, { "action", RULE_TEXT }, { "tag", RULE_TEXT }, { 0 },
};
