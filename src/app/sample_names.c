/* The words of the sample organisation. Neighbour: sample.c. */
#include "sample_names.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

const struct sample_city sample_cities[] = {
	{ "New York", "US", -73.97, 40.75 },   { "Geneva", "CH", 6.14, 46.22 },     { "Nairobi", "KE", 36.82, -1.23 },
	{ "Vienna", "AT", 16.42, 48.23 },      { "Addis Ababa", "ET", 38.76, 9.02 }, { "Bangkok", "TH", 100.51, 13.76 },
	{ "Beirut", "LB", 35.49, 33.88 },      { "Santiago", "CL", -70.6, -33.4 },   { "The Hague", "NL", 4.3, 52.08 },
	{ "Bangui", "CF", 18.55, 4.36 },       { "Juba", "SS", 31.58, 4.85 },        { "Goma", "CD", 29.23, -1.67 },
	{ "Kinshasa", "CD", 15.31, -4.32 },    { "Entebbe", "UG", 32.44, 0.05 },     { "Brindisi", "IT", 17.94, 40.63 },
	{ "Valencia", "ES", -0.38, 39.47 },    { "Mogadishu", "SO", 45.34, 2.04 },   { "Tripoli", "LY", 13.18, 32.89 },
	{ "Baghdad", "IQ", 44.36, 33.31 },     { "Kabul", "AF", 69.17, 34.53 },      { "Amman", "JO", 35.93, 31.95 },
	{ "Dakar", "SN", -17.44, 14.69 },      { "Nicosia", "CY", 33.37, 35.17 },    { "Pristina", "XK", 21.17, 42.66 },
	{ "Port-au-Prince", "HT", -72.34, 18.54 }, { "Bogota", "CO", -74.07, 4.71 }, { "Islamabad", "PK", 73.05, 33.69 },
	{ "Naqoura", "LB", 35.14, 33.12 },     { "Malakal", "SS", 31.66, 9.53 },     { "Bunia", "CD", 30.25, 1.56 },
};
const size_t sample_cities_count = COUNT(sample_cities);

const struct sample_class sample_classes[] = {
	{ "laptop", "Book", "NB", "Windows 11", 1200, true, true },      { "laptop", "Field Book", "FB", "Debian GNU/Linux", 1800, true, true },
	{ "desktop", "Tower", "PC", "Windows 11", 800, true, true },     { "mobile", "Phone", "MP", "Android", 400, false, true },
	{ "mobile", "Pocket", "PK", "iOS", 700, false, true },           { "server", "Rack Server", "SV", "Debian GNU/Linux", 9000, true, false },
	{ "network", "Switch", "SW", "Switch OS", 2500, false, false },  { "network", "Router", "RT", "Router OS", 4000, false, false },
	{ "printer", "Printer", "PR", "Firmware", 600, false, false },   { "monitor", "Display", "MO", "Firmware", 300, false, true },
	{ "satellite", "Terminal", "VS", "Firmware", 15000, false, false }, { "conference", "Room Codec", "RC", "Firmware", 5000, false, false },
};
const size_t sample_classes_count = COUNT(sample_classes);

const char *const sample_entity_types[] = { "department", "office", "regional_commission", "peacekeeping_mission" };
const char *const sample_entities[] = { "Department of Operations", "Office of Partnerships", "Regional Commission", "Stabilization Mission",
					"Department of Conferences", "Office of Legal Counsel", "Liaison Office", "Assistance Mission",
					"Department of Economic Studies", "Office of Oversight" };
const size_t sample_entities_count = COUNT(sample_entities);
const char *const sample_units[] = { "Information Technology Section", "Finance Section", "Human Resources Section", "Procurement Unit",
				     "Transport Unit", "Communications Centre", "Security Section", "Registry", "Translation Service",
				     "Engineering Section", "Field Support Unit", "Analysis Team" };
const size_t sample_units_count = COUNT(sample_units);
const char *const sample_given[] = { "Amina", "Carlos", "Mei", "Olga", "Jean", "Fatou", "Ahmed", "Ingrid", "Kofi", "Lucia", "Ravi", "Sofia",
				     "Tariq", "Yuki", "Zainab", "Pavel", "Nadia", "Samuel", "Leila", "Mateo", "Hana", "Ibrahim", "Elena",
				     "Thabo", "Noor", "Viktor", "Adaeze", "Lin", "Omar", "Claire" };
const size_t sample_given_count = COUNT(sample_given);
const char *const sample_family[] = { "Diallo", "Garcia", "Wang", "Ivanova", "Dubois", "Sow", "Hassan", "Larsen", "Mensah", "Rossi", "Sharma",
				      "Petrov", "Khan", "Tanaka", "Bello", "Novak", "Haddad", "Okafor", "Rahimi", "Lopez", "Kim", "Traore",
				      "Popescu", "Dlamini", "Ali", "Kuznetsov", "Eze", "Chen", "Farouk", "Martin", "Silva", "Nguyen" };
const size_t sample_family_count = COUNT(sample_family);
const char *const sample_jobs[] = { "Programme Officer", "Information Systems Officer", "Finance Assistant", "Political Affairs Officer",
				    "Interpreter", "Security Officer", "Engineer", "Human Rights Officer", "Driver", "Statistician",
				    "Procurement Officer", "Administrative Assistant" };
const size_t sample_jobs_count = COUNT(sample_jobs);
const char *const sample_makers[] = { "Northwind", "Contour", "Fabrikam", "Litware", "Proseware", "Adatum", "Trey", "Wingtip", "Lucerne", "Alpine" };
const size_t sample_makers_count = COUNT(sample_makers);
const char *const sample_packages[] = { "libcore", "libnet", "office", "editor", "browser", "driver", "fonts", "python-mod", "perl-mod", "tools",
					"libxml", "codec", "agent", "shell", "printer", "locale" };
const size_t sample_packages_count = COUNT(sample_packages);
