/* Which log source a Windows event belongs to, by the taxonomy appendix of Sigma's specification 2.1.0: channels, event numbers and
 * providers of categories and services. Neighbours: match.c asks once for each kind of event and remembers. */
#include "internal.h"

#define SYSMON "microsoft-windows-sysmon/operational"
#define POWERSHELL "microsoft-windows-powershell/operational"
#define POWERSHELL_CORE "powershellcore/operational"

static const struct category {
	const char *name, *channels[2];
	unsigned short numbers[4];
} categories[] = {
	{ "process_creation", { SYSMON }, { 1 } },
	{ "file_change", { SYSMON }, { 2 } },
	{ "network_connection", { SYSMON }, { 3 } },
	{ "sysmon_status", { SYSMON }, { 4, 16 } },
	{ "process_termination", { SYSMON }, { 5 } },
	{ "driver_load", { SYSMON }, { 6 } },
	{ "image_load", { SYSMON }, { 7 } },
	{ "create_remote_thread", { SYSMON }, { 8 } },
	{ "raw_access_thread", { SYSMON }, { 9 } },
	{ "process_access", { SYSMON }, { 10 } },
	{ "file_event", { SYSMON }, { 11 } },
	{ "registry_event", { SYSMON }, { 12, 13, 14 } },
	{ "registry_add", { SYSMON }, { 12 } },
	{ "registry_delete", { SYSMON }, { 12 } },
	{ "registry_set", { SYSMON }, { 13 } },
	{ "registry_rename", { SYSMON }, { 14 } },
	{ "create_stream_hash", { SYSMON }, { 15 } },
	{ "pipe_created", { SYSMON }, { 17, 18 } },
	{ "wmi_event", { SYSMON }, { 19, 20, 21 } },
	{ "dns_query", { SYSMON }, { 22 } },
	{ "file_delete", { SYSMON }, { 23 } },
	{ "clipboard_capture", { SYSMON }, { 24 } },
	{ "process_tampering", { SYSMON }, { 25 } },
	{ "file_delete_detected", { SYSMON }, { 26 } },
	{ "file_block_executable", { SYSMON }, { 27 } },
	{ "file_block_shredding", { SYSMON }, { 28 } },
	{ "file_executable_detected", { SYSMON }, { 29 } },
	{ "sysmon_error", { SYSMON }, { 255 } },
	{ "ps_classic_start", { "windows powershell" }, { 400 } },
	{ "ps_classic_provider_start", { "windows powershell" }, { 600 } },
	{ "ps_classic_script", { "windows powershell" }, { 800 } },
	{ "ps_module", { POWERSHELL, POWERSHELL_CORE }, { 4103 } },
	{ "ps_script", { POWERSHELL, POWERSHELL_CORE }, { 4104 } },
};

static const struct {
	const char *category, *provider;
} providers[] = {
	{ "file_access", "microsoft-windows-kernel-file" },
	{ "file_rename", "microsoft-windows-kernel-file" },
};

static const struct {
	const char *name, *channel;
} services[] = {
	{ "application", "application" },
	{ "application-experience", "microsoft-windows-application-experience/program-telemetry" },
	{ "application-experience", "microsoft-windows-application-experience/program-compatibility-assistant" },
	{ "applocker", "microsoft-windows-applocker/msi and script" },
	{ "applocker", "microsoft-windows-applocker/exe and dll" },
	{ "applocker", "microsoft-windows-applocker/packaged app-deployment" },
	{ "applocker", "microsoft-windows-applocker/packaged app-execution" },
	{ "appmodel-runtime", "microsoft-windows-appmodel-runtime/admin" },
	{ "appxdeployment-server", "microsoft-windows-appxdeploymentserver/operational" },
	{ "appxpackaging-om", "microsoft-windows-appxpackaging/operational" },
	{ "bitlocker", "microsoft-windows-bitlocker/bitlocker management" },
	{ "bits-client", "microsoft-windows-bits-client/operational" },
	{ "capi2", "microsoft-windows-capi2/operational" },
	{ "certificateservicesclient-lifecycle-system", "microsoft-windows-certificateservicesclient-lifecycle-system/operational" },
	{ "codeintegrity-operational", "microsoft-windows-codeintegrity/operational" },
	{ "dhcp", "microsoft-windows-dhcp-server/operational" },
	{ "diagnosis-scripted", "microsoft-windows-diagnosis-scripted/operational" },
	{ "dns-client", "microsoft-windows-dns client events/operational" },
	{ "dns-server", "dns server" },
	{ "dns-server-analytic", "microsoft-windows-dns-server/analytical" },
	{ "dns-server-audit", "microsoft-windows-dns-server/audit" },
	{ "driver-framework", "microsoft-windows-driverframeworks-usermode/operational" },
	{ "firewall-as", "microsoft-windows-windows firewall with advanced security/firewall" },
	{ "hyper-v-worker", "microsoft-windows-hyper-v-worker" },
	{ "iis-configuration", "microsoft-iis-configuration/operational" },
	{ "kernel-event-tracing", "microsoft-windows-kernel-eventtracing" },
	{ "kernel-shimengine", "microsoft-windows-kernel-shimengine/operational" },
	{ "kernel-shimengine", "wineventlog:microsoft-windows-kernel-shimengine/diagnostic" },
	{ "ldap", "microsoft-windows-ldap-client/debug" },
	{ "lsa-server", "microsoft-windows-lsa/operational" },
	{ "msexchange-management", "msexchange management" },
	{ "ntfs", "microsoft-windows-ntfs/operational" },
	{ "ntlm", "microsoft-windows-ntlm/operational" },
	{ "openssh", "openssh/operational" },
	{ "powershell", POWERSHELL },
	{ "powershell-classic", "windows powershell" },
	{ "printservice-admin", "microsoft-windows-printservice/admin" },
	{ "printservice-operational", "microsoft-windows-printservice/operational" },
	{ "security", "security" },
	{ "security-mitigations", "microsoft-windows-security-mitigations/kernel mode" },
	{ "security-mitigations", "microsoft-windows-security-mitigations/user mode" },
	{ "sense", "microsoft-windows-sense/operational" },
	{ "servicebus-client", "microsoft-servicebus-client/operational" },
	{ "servicebus-client", "microsoft-servicebus-client/admin" },
	{ "shell-core", "microsoft-windows-shell-core/operational" },
	{ "smbclient-security", "microsoft-windows-smbclient/security" },
	{ "sysmon", SYSMON },
	{ "system", "system" },
	{ "taskscheduler", "microsoft-windows-taskscheduler/operational" },
	{ "terminalservices-localsessionmanager", "microsoft-windows-terminalservices-localsessionmanager/operational" },
	{ "vhdmp", "microsoft-windows-vhdmp/operational" },
	{ "windefend", "microsoft-windows-windows defender/operational" },
	{ "wmi", "microsoft-windows-wmi-activity/operational" },
};

static bool category_fits(struct str wanted, struct str channel, struct str number, struct str provider)
{
	int64_t n = -1;
	for (size_t i = 0; i < sizeof providers / sizeof *providers; i++)
		if (str_is(wanted, providers[i].category) && str_is(provider, providers[i].provider))
			return true;
	if (!str_int(number, &n))
		return false;
	for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
		const struct category *c = &categories[i];
		if (!str_is(wanted, c->name) || !(str_is(channel, c->channels[0]) || (c->channels[1] && str_is(channel, c->channels[1]))))
			continue;
		for (size_t j = 0; j < sizeof c->numbers / sizeof *c->numbers && c->numbers[j]; j++)
			if (c->numbers[j] == n)
				return true;
	}
	return false;
}

static bool service_fits(struct str wanted, struct str channel)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (str_is(wanted, services[i].name) && str_is(channel, services[i].channel))
			return true;
	return false;
}

bool source_fits(const struct logsource *wanted, struct str channel, struct str number, struct str provider)
{
	if (!channel.data)
		return true; /* nothing tells what it is: every rule looks at it */
	return (!wanted->product.len || str_is(wanted->product, "windows")) &&
	       (!wanted->category.len || category_fits(wanted->category, channel, number, provider)) &&
	       (!wanted->service.len || service_fits(wanted->service, channel));
}
