/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-routers.h"

#include <string.h>

#define ROUTER "192.168.1.1"
#define OUTER "10.77.0.1"
#define WAN "10.77.0.2"

typedef struct
{
  const char *name;
  DoctorRouterRole roles[2];
  const char *addresses[2];
  const char *externals[2];
  gboolean maps_nothing;
  DoctorVerdict verdict;
  const char *lines;
  const char *sentence; /* NULL: that of the verdict */
  const char *step;     /* a part of it; NULL as above */
  gboolean chained;
  DoctorBeyond beyond;
} Row;

#define YOU "this computer  192.168.1.10 on eth0\n"

static const Row rows[] = {
  { "both-known",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1.",
    "Forward the port on 10.77.0.1 to 10.77.0.2 as well, or configure one of the two" },
  { "first-unknown",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { NULL, "1.2.3.4" },
    TRUE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address unknown\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "The router 192.168.1.1 does not report a public address, and the next router on the path to "
    "the internet, 10.77.0.1, has a private address: 192.168.1.1 is behind a second router.",
    "on 10.77.0.1 to the external address of 192.168.1.1, and on 192.168.1.1 to this computer" },
  { "refusing",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, NULL },
    TRUE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address unknown",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1.",
    "192.168.1.1 maps no ports while its external address is not public." },
  { "second-unknown",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, NULL },
    { WAN, NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  address unknown: no router answered beyond the first one",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router.",
    NULL },
  { "nothing-known",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, NULL },
    { NULL, NULL },
    TRUE,
    DOCTOR_NOT_CONNECTED,
    YOU "router         192.168.1.1, external address unknown\n"
        "second router  address unknown: no router answered beyond the first one",
    NULL,
    NULL },
  { "three-in-a-row",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "100.64.3.4" },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 100.64.3.4 (shared by the provider: CGNAT)",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1.",
    "Forward the port on 10.77.0.1" },
  { "cgnat",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_PROVIDER },
    { ROUTER, "100.64.0.1" },
    { "100.64.0.2", NULL },
    FALSE,
    DOCTOR_CGNAT,
    YOU "router         192.168.1.1, external address 100.64.0.2 (shared by the provider: "
        "CGNAT)\nprovider       100.64.0.1, not queried",
    "The external address of the router 192.168.1.1 is 100.64.0.2, which the provider shares "
    "among several customers (CGNAT).",
    NULL },
  { "cgnat-unreported",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_PROVIDER },
    { ROUTER, "100.64.0.1" },
    { NULL, NULL },
    TRUE,
    DOCTOR_CGNAT,
    YOU "router         192.168.1.1, external address unknown\n"
        "provider       100.64.0.1, not queried",
    NULL,
    NULL },
  { "between",
    { DOCTOR_ROUTER_BETWEEN, DOCTOR_ROUTER_ASKED },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "Another router, 192.168.1.1, is between this computer and 10.77.0.1: ports that 10.77.0.1 "
    "maps lead to that router only.",
    "Map the port on 192.168.1.1 as well" },
  { "between-unknown",
    { DOCTOR_ROUTER_BETWEEN, DOCTOR_ROUTER_ASKED },
    { NULL, OUTER },
    { NULL, NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         address unknown\n"
        "second router  10.77.0.1, external address unknown",
    "Another router is between this computer and 10.77.0.1: ports that 10.77.0.1 maps lead to "
    "that router only.",
    "Map the port on the router in between as well" },
  { "chain",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_WORKS,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "Port mapping works, through 192.168.1.1 and 10.77.0.1.",
    NULL,
    .chained = TRUE },
  { "second-refuses",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1. 10.77.0.1 refuses to map the port.",
    "Enable UPnP, NAT-PMP or PCP in the settings of 10.77.0.1 and allow them for 10.77.0.2",
    .beyond = DOCTOR_BEYOND_REFUSED },
  { "second-silent",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address unknown",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1. 10.77.0.1 does not answer any protocol.",
    "Enable UPnP, NAT-PMP or PCP in the settings of 10.77.0.1",
    .beyond = DOCTOR_BEYOND_SILENT },
  { "provider-maps",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_PROVIDER },
    { ROUTER, "192.0.0.9" },
    { "100.64.0.2", "1.2.3.4" },
    FALSE,
    DOCTOR_WORKS,
    YOU "router         192.168.1.1, external address 100.64.0.2 (shared by the provider: "
        "CGNAT)\nprovider       192.0.0.9, external address 1.2.3.4 (public)",
    "Port mapping works, through 192.168.1.1 and the provider's server 192.0.0.9.",
    NULL,
    .chained = TRUE },
  { "plain-router-between",
    { DOCTOR_ROUTER_BETWEEN, DOCTOR_ROUTER_ASKED },
    { ROUTER, OUTER },
    { NULL, "1.2.3.4" },
    FALSE,
    DOCTOR_WORKS,
    YOU "router         192.168.1.1, external address unknown\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    NULL,
    NULL },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  DoctorRouters routers = {
    .local = g_strdup ("192.168.1.10"),
    .interface = g_strdup ("eth0"),
    .maps_nothing = row->maps_nothing,
    .chained = row->chained,
    .beyond = row->beyond,
  };
  g_autofree char *lines = NULL;
  g_autofree char *sentence = NULL;
  g_autofree char *step = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GInetAddress) external =
        row->externals[i] != NULL ? g_inet_address_new_from_string (row->externals[i]) : NULL;

      doctor_routers_add (&routers, row->roles[i], row->addresses[i], row->externals[i],
                          plum_address_get_scope (external));
    }

  lines = doctor_routers_describe (&routers);
  sentence = doctor_routers_dup_sentence (&routers, row->verdict);
  step = doctor_routers_dup_next_step (&routers, row->verdict);
  g_assert_cmpstr (lines, ==, row->lines);
  g_assert_cmpstr (sentence, ==, row->sentence);
  g_assert_true ((step == NULL) == (row->step == NULL));
  if (step != NULL && strstr (step, row->step) == NULL)
    g_error ("“%s” is not in “%s”", row->step, step);
  doctor_routers_clear (&routers);
}

static void
test_drawn (void)
{
  DoctorRouters routers = {
    .local = g_strdup ("192.168.1.10"),
    .interface = g_strdup ("eth0"),
    .chained = TRUE,
  };
  g_autofree char *whole = NULL;
  g_autofree char *cut = NULL;

  doctor_routers_add (&routers, DOCTOR_ROUTER_ASKED, ROUTER, WAN, PLUM_ADDRESS_SCOPE_PRIVATE);
  doctor_routers_add (&routers, DOCTOR_ROUTER_NEXT, OUTER, "1.2.3.4", PLUM_ADDRESS_SCOPE_PUBLIC);
  whole = doctor_routers_draw (&routers);
  g_assert_cmpstr (whole, ==,
                   YOU "      |\n"
                       "router         192.168.1.1, external address 10.77.0.2 (private)\n"
                       "      |\n"
                       "second router  10.77.0.1, external address 1.2.3.4 (public)\n"
                       "      |\n"
                       "internet");
  routers.chained = FALSE;
  cut = doctor_routers_draw (&routers);
  g_assert_nonnull (strstr (cut, "(private)\n      x        the path ends here\nsecond router"));
  doctor_routers_clear (&routers);
}

/* If no second router was looked for, the general texts are used, whatever the verdict. */
static void
test_none (void)
{
  const DoctorRouters routers = { 0 };

  for (int verdict = 0; verdict < DOCTOR_N_VERDICTS; verdict++)
    {
      g_assert_null (doctor_routers_dup_sentence (&routers, verdict));
      g_assert_null (doctor_routers_dup_next_step (&routers, verdict));
    }
}

/* Every role is documented on the page about the JSON. */
static void
test_roles (void)
{
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "..", "docs", "plumctl-json.md", NULL);
  g_autofree char *page = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &page, NULL, &error);
  g_assert_no_error (error);

  for (int role = DOCTOR_ROUTER_BETWEEN; role <= DOCTOR_ROUTER_PROVIDER; role++)
    {
      g_autofree char *row = g_strdup_printf ("\n| `\"%s\"` |", doctor_router_role_get_name (role));

      g_assert_nonnull (strstr (page, row));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/doctor/routers/%s", rows[i].name);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/plumctl/doctor/routers/drawn", test_drawn);
  g_test_add_func ("/plumctl/doctor/routers/none", test_none);
  g_test_add_func ("/plumctl/doctor/routers/roles", test_roles);

  return g_test_run ();
}
