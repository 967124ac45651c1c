"""Which log sources an event belongs to, by the taxonomy appendix of the specification (2.1.0)."""
from .events import text

SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational")

# category: (channels, event ids)
CATEGORIES = {
    "process_creation": ((SYSMON,), (1,)), "file_change": ((SYSMON,), (2,)), "network_connection": ((SYSMON,), (3,)),
    "sysmon_status": ((SYSMON,), (4, 16)), "process_termination": ((SYSMON,), (5,)), "driver_load": ((SYSMON,), (6,)),
    "image_load": ((SYSMON,), (7,)), "create_remote_thread": ((SYSMON,), (8,)), "raw_access_thread": ((SYSMON,), (9,)),
    "process_access": ((SYSMON,), (10,)), "file_event": ((SYSMON,), (11,)), "registry_event": ((SYSMON,), (12, 13, 14)),
    "registry_add": ((SYSMON,), (12,)), "registry_delete": ((SYSMON,), (12,)), "registry_set": ((SYSMON,), (13,)),
    "registry_rename": ((SYSMON,), (14,)), "create_stream_hash": ((SYSMON,), (15,)), "pipe_created": ((SYSMON,), (17, 18)),
    "wmi_event": ((SYSMON,), (19, 20, 21)), "dns_query": ((SYSMON,), (22,)), "file_delete": ((SYSMON,), (23,)),
    "clipboard_capture": ((SYSMON,), (24,)), "process_tampering": ((SYSMON,), (25,)),
    "file_delete_detected": ((SYSMON,), (26,)), "file_block_executable": ((SYSMON,), (27,)),
    "file_block_shredding": ((SYSMON,), (28,)), "file_executable_detected": ((SYSMON,), (29,)),
    "sysmon_error": ((SYSMON,), (255,)), "ps_classic_start": (("Windows PowerShell",), (400,)),
    "ps_classic_provider_start": (("Windows PowerShell",), (600,)), "ps_classic_script": (("Windows PowerShell",), (800,)),
    "ps_module": (POWERSHELL, (4103,)), "ps_script": (POWERSHELL, (4104,)),
}
PROVIDERS = {"file_access": "Microsoft-Windows-Kernel-File", "file_rename": "Microsoft-Windows-Kernel-File"}
SERVICES = {
    "application": ["Application"],
    "application-experience": ["Microsoft-Windows-Application-Experience/Program-Telemetry",
                               "Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant"],
    "applocker": ["Microsoft-Windows-AppLocker/MSI and Script", "Microsoft-Windows-AppLocker/EXE and DLL",
                  "Microsoft-Windows-AppLocker/Packaged app-Deployment", "Microsoft-Windows-AppLocker/Packaged app-Execution"],
    "appmodel-runtime": ["Microsoft-Windows-AppModel-Runtime/Admin"],
    "appxdeployment-server": ["Microsoft-Windows-AppXDeploymentServer/Operational"],
    "appxpackaging-om": ["Microsoft-Windows-AppxPackaging/Operational"],
    "bitlocker": ["Microsoft-Windows-BitLocker/BitLocker Management"],
    "bits-client": ["Microsoft-Windows-Bits-Client/Operational"],
    "capi2": ["Microsoft-Windows-CAPI2/Operational"],
    "certificateservicesclient-lifecycle-system": ["Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational"],
    "codeintegrity-operational": ["Microsoft-Windows-CodeIntegrity/Operational"],
    "dhcp": ["Microsoft-Windows-DHCP-Server/Operational"],
    "diagnosis-scripted": ["Microsoft-Windows-Diagnosis-Scripted/Operational"],
    "dns-client": ["Microsoft-Windows-DNS Client Events/Operational"],
    "dns-server": ["DNS Server"],
    "dns-server-analytic": ["Microsoft-Windows-DNS-Server/Analytical"],
    "dns-server-audit": ["Microsoft-Windows-DNS-Server/Audit"],
    "driver-framework": ["Microsoft-Windows-DriverFrameworks-UserMode/Operational"],
    "firewall-as": ["Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"],
    "hyper-v-worker": ["Microsoft-Windows-Hyper-V-Worker"],
    "iis-configuration": ["Microsoft-IIS-Configuration/Operational"],
    "kernel-event-tracing": ["Microsoft-Windows-Kernel-EventTracing"],
    "kernel-shimengine": ["Microsoft-Windows-Kernel-ShimEngine/Operational",
                          "WinEventLog:Microsoft-Windows-Kernel-ShimEngine/Diagnostic"],
    "ldap": ["Microsoft-Windows-LDAP-Client/Debug"],
    "lsa-server": ["Microsoft-Windows-LSA/Operational"],
    "msexchange-management": ["MSExchange Management"],
    "ntfs": ["Microsoft-Windows-Ntfs/Operational"],
    "ntlm": ["Microsoft-Windows-NTLM/Operational"],
    "openssh": ["OpenSSH/Operational"],
    "powershell": ["Microsoft-Windows-PowerShell/Operational"],
    "powershell-classic": ["Windows PowerShell"],
    "printservice-admin": ["Microsoft-Windows-PrintService/Admin"],
    "printservice-operational": ["Microsoft-Windows-PrintService/Operational"],
    "security": ["Security"],
    "security-mitigations": ["Microsoft-Windows-Security-Mitigations/Kernel Mode",
                             "Microsoft-Windows-Security-Mitigations/User Mode"],
    "sense": ["Microsoft-Windows-SENSE/Operational"],
    "servicebus-client": ["Microsoft-ServiceBus-Client/Operational", "Microsoft-ServiceBus-Client/Admin"],
    "shell-core": ["Microsoft-Windows-Shell-Core/Operational"],
    "smbclient-security": ["Microsoft-Windows-SmbClient/Security"],
    "sysmon": [SYSMON],
    "system": ["System"],
    "taskscheduler": ["Microsoft-Windows-TaskScheduler/Operational"],
    "terminalservices-localsessionmanager": ["Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"],
    "vhdmp": ["Microsoft-Windows-VHDMP/Operational"],
    "windefend": ["Microsoft-Windows-Windows Defender/Operational"],
    "wmi": ["Microsoft-Windows-WMI-Activity/Operational"],
}


def only(event, name):
    values = [text(value) for value in event.values(name) if value is not None]
    return values[0] if values else None


def sources(event):
    """(products, categories, services) of the event, or None when nothing tells."""
    channel = only(event, "Channel")
    if channel is None:
        return None
    number, provider = only(event, "EventID"), only(event, "Provider_Name") or only(event, "SourceName")
    channel = channel.lower()
    categories = {name for name, (channels, ids) in CATEGORIES.items()
                  if number in map(str, ids) and channel in (c.lower() for c in channels)}
    categories |= {name for name, wanted in PROVIDERS.items() if provider and provider.lower() == wanted.lower()}
    services = {name for name, channels in SERVICES.items() if channel in (c.lower() for c in channels)}
    return {"windows"}, categories, services


def routed(logsource, belongs):
    """Whether a rule for `logsource` looks at such an event: each attribute it gives must fit."""
    if belongs is None:
        return True
    for attribute, has in zip(("product", "category", "service"), belongs):
        wanted = logsource.get(attribute)
        if wanted is not None and str(wanted).lower() not in has:
            return False
    return True
