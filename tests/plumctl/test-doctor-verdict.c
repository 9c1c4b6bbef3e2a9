/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-verdict.h"

#include <string.h>

#define SERVED .has_gateway = TRUE, .served = TRUE
#define MAPPED                                                                                     \
  {                                                                                                \
    .mapped = TRUE, .error = -1, .lifetime = 120                                                   \
  }
#define CHAINED(where)                                                                             \
  {                                                                                                \
    .mapped = TRUE, .error = -1, .lifetime = 120, .chained = TRUE,                                 \
    .outer = PLUM_ADDRESS_SCOPE_##where                                                            \
  }
#define FOREVER                                                                                    \
  {                                                                                                \
    .mapped = TRUE, .error = -1, .lifetime = PLUM_LIFETIME_FOREVER                                 \
  }
#define FAILED(code)                                                                               \
  {                                                                                                \
    .error = code                                                                                  \
  }
#define TRIED(a, b) .tried = TRUE, .tcp = a, .udp = b
#define NEXT(where) .next_scope = PLUM_ADDRESS_SCOPE_##where
#define PUBLIC .scope = PLUM_ADDRESS_SCOPE_PUBLIC

typedef struct
{
  const char *name;
  DoctorFindings findings;
  DoctorVerdict expected;
} Row;

static const Row rows[] = {
  { "works", { SERVED, PUBLIC, TRIED (MAPPED, MAPPED) }, DOCTOR_WORKS },
  { "chain",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, TRIED (CHAINED (PUBLIC), CHAINED (PUBLIC)) },
    DOCTOR_WORKS },
  { "chain-of-provider",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_CGNAT, TRIED (CHAINED (PUBLIC), CHAINED (PUBLIC)) },
    DOCTOR_WORKS },
  { "chain-to-cgnat",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, TRIED (CHAINED (CGNAT), CHAINED (CGNAT)) },
    DOCTOR_CGNAT },
  { "chain-to-an-unreported-address",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, TRIED (CHAINED (UNKNOWN), CHAINED (UNKNOWN)) },
    DOCTOR_NO_ADDRESS },
  { "chain-with-another-nat-beyond",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, .nat_beyond = TRUE,
      TRIED (CHAINED (PUBLIC), CHAINED (PUBLIC)) },
    DOCTOR_NAT_BEYOND },
  { "shared-address-of-this-computer",
    { .has_gateway = TRUE, .local = PLUM_ADDRESS_SCOPE_CGNAT, .n_refused = 2 },
    DOCTOR_CGNAT },
  { "shared-address-of-a-tunnel",
    { .has_gateway = TRUE, .local = PLUM_ADDRESS_SCOPE_CGNAT, .no_next_hop = TRUE, .n_failed = 3 },
    DOCTOR_NO_NEXT_HOP },
  { "shared-address-and-a-server",
    { SERVED, .local = PLUM_ADDRESS_SCOPE_CGNAT, TRIED (CHAINED (PUBLIC), CHAINED (PUBLIC)) },
    DOCTOR_WORKS },
  { "shared-address-and-a-router",
    { SERVED, PUBLIC, .local = PLUM_ADDRESS_SCOPE_CGNAT, TRIED (MAPPED, MAPPED) },
    DOCTOR_WORKS },
  { "chain-of-one-transport",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, TRIED (CHAINED (PUBLIC), MAPPED) },
    DOCTOR_DOUBLE_NAT },
  { "nat-beyond",
    { SERVED, PUBLIC, .nat_beyond = TRUE, TRIED (MAPPED, MAPPED) },
    DOCTOR_NAT_BEYOND },
  { "nat-beyond-a-private-address",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, .nat_beyond = TRUE, TRIED (MAPPED, MAPPED) },
    DOCTOR_DOUBLE_NAT },
  { "nat-beyond-a-shared-address",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_CGNAT, .nat_beyond = TRUE, TRIED (MAPPED, MAPPED) },
    DOCTOR_CGNAT },
  { "nat-beyond-only-udp",
    { SERVED, PUBLIC, .nat_beyond = TRUE, TRIED (FAILED (PLUM_ERROR_REFUSED), MAPPED) },
    DOCTOR_ONE_TRANSPORT },
  { "not-reached",
    { SERVED, PUBLIC, .not_reached = TRUE, TRIED (MAPPED, MAPPED) },
    DOCTOR_NOT_REACHED },
  { "not-reached-with-permanent-leases",
    { SERVED, PUBLIC, .not_reached = TRUE, TRIED (FOREVER, FOREVER) },
    DOCTOR_NOT_REACHED },
  { "public-host-not-reached",
    { SERVED, PUBLIC, .direct = TRUE, .not_reached = TRUE, TRIED (MAPPED, MAPPED) },
    DOCTOR_NOT_REACHED },
  { "not-reached-and-left-behind",
    { SERVED, PUBLIC, .not_reached = TRUE,
      TRIED (MAPPED, ((DoctorTrialFindings){ .mapped = TRUE, .error = -1, .left_behind = TRUE })) },
    DOCTOR_LEFT_BEHIND },
  { "untried", { SERVED, PUBLIC }, DOCTOR_READY },
  { "public-host", { SERVED, PUBLIC, .direct = TRUE, TRIED (MAPPED, MAPPED) }, DOCTOR_PUBLIC_HOST },
  { "permanent", { SERVED, PUBLIC, TRIED (FOREVER, FOREVER) }, DOCTOR_PERMANENT_ONLY },
  { "no-gateway", { .has_gateway = FALSE }, DOCTOR_NO_GATEWAY },
  { "silent", { .has_gateway = TRUE, .asked = TRUE }, DOCTOR_SILENT },
  { "not-asked", { .has_gateway = TRUE }, DOCTOR_NOT_ASKED },
  { "no-public-ipv6", { .has_gateway = TRUE, .no_public_ipv6 = TRUE }, DOCTOR_NO_PUBLIC_IPV6 },
  { "no-public-ipv6-and-refused",
    { .has_gateway = TRUE, .asked = TRUE, .no_public_ipv6 = TRUE, .n_refused = 1 },
    DOCTOR_NO_PUBLIC_IPV6 },
  { "no-public-ipv6-but-served",
    { SERVED, PUBLIC, .no_public_ipv6 = TRUE, TRIED (MAPPED, MAPPED) },
    DOCTOR_WORKS },
  { "tunnel", { .has_gateway = TRUE, .no_next_hop = TRUE, .n_failed = 3 }, DOCTOR_NO_NEXT_HOP },
  { "tunnel-beside-a-router",
    { .has_gateway = TRUE, .no_next_hop = TRUE, .other_serves = TRUE, .n_failed = 3 },
    DOCTOR_NO_NEXT_HOP },
  { "dial-up-with-a-public-address",
    { SERVED, PUBLIC, .no_next_hop = TRUE, .direct = TRUE },
    DOCTOR_PUBLIC_HOST },
  { "two-routes", { .has_gateway = TRUE, .other_serves = TRUE }, DOCTOR_OTHER_GATEWAY },
  { "two-routes-refused",
    { .has_gateway = TRUE, .other_serves = TRUE, .n_refused = 2, .n_other_devices = 1 },
    DOCTOR_OTHER_GATEWAY },
  { "two-routes-that-work",
    { SERVED, PUBLIC, .other_serves = TRUE, TRIED (MAPPED, MAPPED) },
    DOCTOR_WORKS },
  { "one-refused", { .has_gateway = TRUE, .n_refused = 1 }, DOCTOR_SWITCHED_OFF },
  { "television",
    { .has_gateway = TRUE, .n_refused = 2, .n_failed = 1, .n_other_devices = 1 },
    DOCTOR_NOT_A_GATEWAY },
  { "stray-answer", { .has_gateway = TRUE, .stray_answer = TRUE }, DOCTOR_WRONG_ADDRESS },
  { "private-wan",
    { .has_gateway = TRUE, .n_failed = 2, .n_no_resources = 1 },
    DOCTOR_NOT_CONNECTED },
  { "private-wan-but-pcp",
    { SERVED, .n_failed = 1, .n_no_resources = 1,
      TRIED (FAILED (PLUM_ERROR_NO_RESOURCES), FAILED (PLUM_ERROR_NO_RESOURCES)) },
    DOCTOR_NOT_CONNECTED },
  { "private-wan-by-upnp",
    { SERVED, .address_withheld = TRUE,
      TRIED (FAILED (PLUM_ERROR_REFUSED), FAILED (PLUM_ERROR_REFUSED)) },
    DOCTOR_NOT_CONNECTED },
  { "no-address-and-refused",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_UNSPECIFIED,
      TRIED (FAILED (PLUM_ERROR_REFUSED), FAILED (PLUM_ERROR_REFUSED)) },
    DOCTOR_NOT_CONNECTED },
  { "no-address-and-taken",
    { SERVED, .address_withheld = TRUE,
      TRIED (FAILED (PLUM_ERROR_CONFLICT), FAILED (PLUM_ERROR_CONFLICT)) },
    DOCTOR_PORT_TAKEN },
  { "pcp-refused",
    { SERVED, TRIED (FAILED (PLUM_ERROR_REFUSED), FAILED (PLUM_ERROR_REFUSED)) },
    DOCTOR_REFUSED },
  { "pcp-untried", { SERVED, .tried = FALSE }, DOCTOR_READY },
  { "withheld-untried", { SERVED, .address_withheld = TRUE }, DOCTOR_NO_ADDRESS },
  { "unknown-address", { SERVED, TRIED (MAPPED, MAPPED) }, DOCTOR_NO_ADDRESS },
  { "useless", { .has_gateway = TRUE, .n_failed = 1 }, DOCTOR_CANNOT_MAP },
  { "policy",
    { SERVED, PUBLIC, TRIED (FAILED (PLUM_ERROR_REFUSED), FAILED (PLUM_ERROR_REFUSED)) },
    DOCTOR_REFUSED },
  { "table-full",
    { SERVED, PUBLIC, TRIED (FAILED (PLUM_ERROR_NO_RESOURCES), FAILED (PLUM_ERROR_NO_RESOURCES)) },
    DOCTOR_TABLE_FULL },
  { "port-taken",
    { SERVED, PUBLIC, TRIED (FAILED (PLUM_ERROR_CONFLICT), FAILED (PLUM_ERROR_CONFLICT)) },
    DOCTOR_PORT_TAKEN },
  { "trial-timed-out",
    { SERVED, PUBLIC, TRIED (FAILED (PLUM_ERROR_TIMED_OUT), FAILED (PLUM_ERROR_TIMED_OUT)) },
    DOCTOR_TRIAL_FAILED },
  { "trial-socket-error",
    { SERVED, PUBLIC, TRIED (FAILED (-1), FAILED (-1)) },
    DOCTOR_TRIAL_FAILED },
  { "tcp-only",
    { SERVED, PUBLIC, TRIED (MAPPED, FAILED (PLUM_ERROR_REFUSED)) },
    DOCTOR_ONE_TRANSPORT },
  { "udp-only",
    { SERVED, PUBLIC, TRIED (FAILED (PLUM_ERROR_REFUSED), MAPPED) },
    DOCTOR_ONE_TRANSPORT },
  { "left-behind",
    { SERVED, PUBLIC, .tried = TRUE, .tcp = MAPPED,
      .udp = { .mapped = TRUE, .error = -1, .lifetime = 120, .left_behind = TRUE } },
    DOCTOR_LEFT_BEHIND },
  { "missing",
    { SERVED, PUBLIC, .tried = TRUE, .tcp = MAPPED,
      .udp = { .mapped = TRUE, .error = -1, .lifetime = 120, .missing = TRUE } },
    DOCTOR_MISSING },
  { "missing-and-private",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, .tried = TRUE, .udp = MAPPED,
      .tcp = { .mapped = TRUE, .error = -1, .lifetime = 120, .missing = TRUE } },
    DOCTOR_MISSING },
  { "failed-and-left-behind",
    { SERVED, PUBLIC, .tried = TRUE, .tcp = { .error = PLUM_ERROR_MALFORMED, .left_behind = TRUE },
      .udp = FAILED (PLUM_ERROR_MALFORMED) },
    DOCTOR_LEFT_BEHIND },
  { "double-nat",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, TRIED (MAPPED, MAPPED) },
    DOCTOR_DOUBLE_NAT },
  { "double-nat-untried", { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE }, DOCTOR_DOUBLE_NAT },
  { "cgnat", { SERVED, .scope = PLUM_ADDRESS_SCOPE_CGNAT, TRIED (MAPPED, MAPPED) }, DOCTOR_CGNAT },
  { "no-address",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_UNSPECIFIED, TRIED (MAPPED, MAPPED) },
    DOCTOR_NO_ADDRESS },
  { "reserved-address", { SERVED, .scope = PLUM_ADDRESS_SCOPE_RESERVED }, DOCTOR_NO_ADDRESS },
  { "mapped-by-the-second-router",
    { SERVED, PUBLIC, .router_between = TRUE, TRIED (MAPPED, MAPPED) },
    DOCTOR_DOUBLE_NAT },
  { "refused-for-a-router-between",
    { SERVED, .router_between = TRUE,
      TRIED (FAILED (PLUM_ERROR_NOT_SUPPORTED), FAILED (PLUM_ERROR_NOT_SUPPORTED)) },
    DOCTOR_DOUBLE_NAT },
  { "left-behind-between",
    { SERVED, PUBLIC, .router_between = TRUE, .tried = TRUE, .tcp = MAPPED,
      .udp = { .mapped = TRUE, .error = -1, .lifetime = 120, .left_behind = TRUE } },
    DOCTOR_LEFT_BEHIND },
  { "silent-and-named",
    { .has_gateway = TRUE, .asked = TRUE, .router_between = TRUE },
    DOCTOR_SILENT },
  { "private-wan-with-witness",
    { .has_gateway = TRUE, .n_failed = 1, .n_no_resources = 1, NEXT (PRIVATE) },
    DOCTOR_DOUBLE_NAT },
  { "private-wan-before-the-provider",
    { .has_gateway = TRUE, .n_failed = 1, .n_no_resources = 1, NEXT (CGNAT) },
    DOCTOR_CGNAT },
  { "no-address-before-a-public-router",
    { .has_gateway = TRUE, .n_failed = 1, .n_no_resources = 1, NEXT (PUBLIC) },
    DOCTOR_NOT_CONNECTED },
  { "private-wan-but-pcp-with-witness",
    { SERVED, .n_failed = 1, .n_no_resources = 1, NEXT (PRIVATE),
      TRIED (FAILED (PLUM_ERROR_NO_RESOURCES), FAILED (PLUM_ERROR_NO_RESOURCES)) },
    DOCTOR_DOUBLE_NAT },
  { "private-wan-untried-with-witness",
    { SERVED, .n_failed = 1, .n_no_resources = 1, .address_withheld = TRUE, NEXT (PRIVATE) },
    DOCTOR_DOUBLE_NAT },
  { "maps-and-withholds", /* providers use private addresses in their networks as well */
    { SERVED, .address_withheld = TRUE, NEXT (PRIVATE), TRIED (MAPPED, MAPPED) },
    DOCTOR_NO_ADDRESS },
  { "reports-private-and-refuses",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE,
      TRIED (FAILED (PLUM_ERROR_NO_RESOURCES), FAILED (PLUM_ERROR_NO_RESOURCES)) },
    DOCTOR_DOUBLE_NAT },
  { "reports-cgnat-and-refuses",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_CGNAT, .n_no_resources = 1, NEXT (PRIVATE),
      TRIED (FAILED (PLUM_ERROR_NO_RESOURCES), FAILED (PLUM_ERROR_NO_RESOURCES)) },
    DOCTOR_CGNAT },
  { "public-and-refuses-with-witness", /* the reported address takes precedence over the next router
                                        */
    { SERVED, PUBLIC, .n_no_resources = 1, NEXT (PRIVATE),
      TRIED (FAILED (PLUM_ERROR_NO_RESOURCES), FAILED (PLUM_ERROR_NO_RESOURCES)) },
    DOCTOR_NOT_CONNECTED },
  { "port-taken-behind-another",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, NEXT (PRIVATE),
      TRIED (FAILED (PLUM_ERROR_CONFLICT), FAILED (PLUM_ERROR_CONFLICT)) },
    DOCTOR_PORT_TAKEN },
  { "refused-before-double-nat",
    { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE,
      TRIED (FAILED (PLUM_ERROR_REFUSED), FAILED (PLUM_ERROR_REFUSED)) },
    DOCTOR_REFUSED },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;

  g_assert_cmpstr (doctor_verdict_get_name (doctor_verdict_decide (&row->findings)), ==,
                   doctor_verdict_get_name (row->expected));
}

/* Whether to look for a second router, and whether any port gets mapped. */
static void
test_second_router (void)
{
  static const struct
  {
    const char *name;
    DoctorFindings findings;
    gboolean behind;
    gboolean maps_nothing;
  } cases[] = {
    { "works", { SERVED, PUBLIC, TRIED (MAPPED, MAPPED) }, FALSE, FALSE },
    { "silent", { .has_gateway = TRUE }, FALSE, TRUE },
    { "switched-off", { .has_gateway = TRUE, .n_refused = 2 }, FALSE, TRUE },
    { "not-connected", { .has_gateway = TRUE, .n_no_resources = 1 }, TRUE, TRUE },
    { "unreported", { SERVED }, FALSE, FALSE },
    { "direct", { SERVED, .direct = TRUE, .scope = PLUM_ADDRESS_SCOPE_PRIVATE }, FALSE, FALSE },
    { "private",
      { SERVED, .scope = PLUM_ADDRESS_SCOPE_PRIVATE, TRIED (MAPPED, MAPPED) },
      TRUE,
      FALSE },
    { "cgnat", { SERVED, .scope = PLUM_ADDRESS_SCOPE_CGNAT }, TRUE, FALSE },
    { "withheld", { SERVED, .address_withheld = TRUE }, TRUE, FALSE },
    { "no-resources-untried", { SERVED, .n_no_resources = 1 }, TRUE, TRUE },
    { "no-address-and-refused",
      { SERVED, .scope = PLUM_ADDRESS_SCOPE_UNSPECIFIED,
        TRIED (FAILED (PLUM_ERROR_REFUSED), FAILED (PLUM_ERROR_REFUSED)) },
      TRUE,
      TRUE },
    { "no-address-and-taken",
      { SERVED, .scope = PLUM_ADDRESS_SCOPE_UNSPECIFIED,
        TRIED (FAILED (PLUM_ERROR_CONFLICT), FAILED (PLUM_ERROR_CONFLICT)) },
      FALSE,
      TRUE },
    { "public-and-refused",
      { SERVED, PUBLIC, TRIED (FAILED (PLUM_ERROR_REFUSED), FAILED (PLUM_ERROR_REFUSED)) },
      FALSE,
      TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].name);
      g_assert_cmpint (doctor_verdict_may_be_behind (&cases[i].findings), ==, cases[i].behind);
      g_assert_cmpint (doctor_verdict_maps_nothing (&cases[i].findings), ==, cases[i].maps_nothing);
    }
}

/* Every verdict has complete texts, and every fault has its own exit status. */
static void
test_texts (void)
{
  g_autoptr (GHashTable) codes = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (int verdict = 0; verdict < DOCTOR_N_VERDICTS; verdict++)
    {
      const char *sentence = doctor_verdict_get_sentence (verdict);
      int exit_code = doctor_verdict_get_exit_code (verdict);

      g_assert_true (g_str_has_suffix (sentence, "."));
      g_assert_true (g_str_has_suffix (doctor_verdict_get_next_step (verdict), "."));
      g_assert_true (g_hash_table_add (names, (gpointer) doctor_verdict_get_name (verdict)));
      g_assert_cmpint (exit_code, <, 126);
      if (exit_code != 0)
        g_assert_true (g_hash_table_add (codes, GINT_TO_POINTER (exit_code)));
      g_assert_false (exit_code == 1 || exit_code == 2);
    }
}

/* Every verdict is reachable. */
static void
test_all_reachable (void)
{
  for (int verdict = 0; verdict < DOCTOR_N_VERDICTS; verdict++)
    {
      gboolean found = FALSE;

      for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        found = found || (int) rows[i].expected == verdict;
      if (!found)
        g_test_message ("no row for %s", doctor_verdict_get_name (verdict));
      g_assert_true (found);
    }
}

/* The manual lists every verdict with its exit status. */
static void
test_manual (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "plumctl.1", NULL);
  g_autofree char *manual = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &manual, NULL, &error);
  g_assert_no_error (error);

  for (int verdict = 0; verdict < DOCTOR_N_VERDICTS; verdict++)
    {
      g_auto (GStrv) parts = g_strsplit (doctor_verdict_get_name (verdict), "-", -1);
      g_autofree char *name = g_strjoinv ("\\-", parts);
      g_autofree char *row =
        g_strdup_printf ("\n.B %d\n.BR %s :\n", doctor_verdict_get_exit_code (verdict), name);

      /* Verdicts that are not faults share one entry for status 0. */
      g_assert_nonnull (strstr (manual, doctor_verdict_get_exit_code (verdict) == 0 ? name : row));
    }
}

/* The page on the JSON lists every verdict with its exit status. */
static void
test_page (void)
{
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "..", "docs", "plumctl-json.md", NULL);
  g_autofree char *page = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &page, NULL, &error);
  g_assert_no_error (error);

  for (int verdict = 0; verdict < DOCTOR_N_VERDICTS; verdict++)
    {
      g_autofree char *row =
        g_strdup_printf ("\n| %d | `%s` |", doctor_verdict_get_exit_code (verdict),
                         doctor_verdict_get_name (verdict));

      g_assert_nonnull (strstr (page, row));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/doctor/verdict/%s", rows[i].name);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/plumctl/doctor/second-router", test_second_router);
  g_test_add_func ("/plumctl/doctor/texts", test_texts);
  g_test_add_func ("/plumctl/doctor/all-reachable", test_all_reachable);
  g_test_add_func ("/plumctl/doctor/manual", test_manual);
  g_test_add_func ("/plumctl/doctor/page", test_page);

  return g_test_run ();
}
