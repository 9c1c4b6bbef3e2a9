/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-ladder.h"

#include <string.h>

#define INTERNAL 8080

/* A fault that the router sends to every request, and the steps that follow, as letters: P H W
 * permanent lease, an hour, a week; L read the entry; O other port; F other port and all leases
 * again; I high port; S same port; A AddAnyPortMapping; a no longer AddAnyPortMapping; T short
 * text; U add the pinhole again; N no firewall; D done; an asterisk for RemoteHost "*". Then the
 * final error. */
typedef struct
{
  const char *name;
  UpnpAction action;
  int code;
  guint external_port;
  gboolean v2;
  UpnpMemory memory;
  const char *steps;
  PlumError error;
  gboolean exact;
} Case;

static const Case cases[] = {
  { "725-timed", UPNP_ACTION_ADD, 725, 8080, FALSE, { 0 }, "P", PLUM_ERROR_NOT_SUPPORTED },
  { "402-timed", UPNP_ACTION_ADD, 402, 8080, FALSE, { 0 }, "PHWOT", PLUM_ERROR_NOT_SUPPORTED },
  { "402-permanent",
    UPNP_ACTION_ADD,
    402,
    8080,
    FALSE,
    { .lease = UPNP_LEASE_PERMANENT },
    "HWOT",
    PLUM_ERROR_NOT_SUPPORTED },
  { "402-same-port",
    UPNP_ACTION_ADD,
    402,
    8080,
    FALSE,
    { .same_port = TRUE },
    "PHWT",
    PLUM_ERROR_NOT_SUPPORTED },
  { "600", UPNP_ACTION_ADD, 600, 8080, FALSE, { 0 }, "PHWOT", PLUM_ERROR_NOT_SUPPORTED },
  { "501-timed", UPNP_ACTION_ADD, 501, 8080, FALSE, { 0 }, "PFP", PLUM_ERROR_REFUSED },
  { "501-permanent",
    UPNP_ACTION_ADD,
    501,
    8080,
    FALSE,
    { .lease = UPNP_LEASE_PERMANENT },
    "HWFHW",
    PLUM_ERROR_REFUSED },
  { "unknown-number", UPNP_ACTION_ADD, -911, 8080, FALSE, { 0 }, "PFP", PLUM_ERROR_REFUSED },
  { "718", UPNP_ACTION_ADD, 718, 8080, FALSE, { 0 }, "LOOOOOOOOO", PLUM_ERROR_CONFLICT },
  { "718-v2", UPNP_ACTION_ADD, 718, 8080, TRUE, { 0 }, "LAOOOOOOOOO", PLUM_ERROR_CONFLICT },
  { "718-v2-without-any",
    UPNP_ACTION_ADD,
    718,
    8080,
    TRUE,
    { .no_add_any = TRUE },
    "LOOOOOOOOO",
    PLUM_ERROR_CONFLICT },
  { "718-same-port",
    UPNP_ACTION_ADD,
    718,
    8080,
    FALSE,
    { .same_port = TRUE },
    "L",
    PLUM_ERROR_CONFLICT },
  { "729", UPNP_ACTION_ADD, 729, 8080, FALSE, { 0 }, "LOOOOOOOOO", PLUM_ERROR_CONFLICT },
  { "724", UPNP_ACTION_ADD, 724, 9000, FALSE, { 0 }, "S", PLUM_ERROR_NOT_SUPPORTED },
  { "724-with-same-port", UPNP_ACTION_ADD, 724, 8080, FALSE, { 0 }, "", PLUM_ERROR_NOT_SUPPORTED },
  { "716", UPNP_ACTION_ADD, 716, 8080, FALSE, { 0 }, "O", PLUM_ERROR_NOT_SUPPORTED },
  { "727", UPNP_ACTION_ADD, 727, 8080, FALSE, { 0 }, "", PLUM_ERROR_NOT_SUPPORTED },
  { "728", UPNP_ACTION_ADD, 728, 8080, FALSE, { 0 }, "O", PLUM_ERROR_NO_RESOURCES },
  { "603", UPNP_ACTION_ADD, 603, 8080, FALSE, { 0 }, "", PLUM_ERROR_NO_RESOURCES },
  { "606-privileged", UPNP_ACTION_ADD, 606, 443, FALSE, { 0 }, "I", PLUM_ERROR_REFUSED },
  { "606", UPNP_ACTION_ADD, 606, 8080, FALSE, { 0 }, "O", PLUM_ERROR_REFUSED },
  /* The router may have only a few ports, and can choose one. */
  { "606-v2", UPNP_ACTION_ADD, 606, 8080, TRUE, { 0 }, "OAO", PLUM_ERROR_REFUSED },
  { "606-privileged-v2", UPNP_ACTION_ADD, 606, 443, TRUE, { 0 }, "IAO", PLUM_ERROR_REFUSED },
  { "606-v2-without-any",
    UPNP_ACTION_ADD,
    606,
    8080,
    TRUE,
    { .no_add_any = TRUE },
    "O",
    PLUM_ERROR_REFUSED },
  { "501-v2", UPNP_ACTION_ADD, 501, 8080, TRUE, { 0 }, "PFPAO", PLUM_ERROR_REFUSED },
  { "402-v2", UPNP_ACTION_ADD, 402, 8080, TRUE, { 0 }, "PHWOTAO", PLUM_ERROR_NOT_SUPPORTED },
  { "728-v2", UPNP_ACTION_ADD, 728, 8080, TRUE, { 0 }, "OAO", PLUM_ERROR_NO_RESOURCES },
  { "716-v2", UPNP_ACTION_ADD, 716, 8080, TRUE, { 0 }, "OAO", PLUM_ERROR_NOT_SUPPORTED },
  { "exact-606-v2", UPNP_ACTION_ADD, 606, 8080, TRUE, { 0 }, "L", PLUM_ERROR_REFUSED, TRUE },
  { "exact-402-v2",
    UPNP_ACTION_ADD,
    402,
    8080,
    TRUE,
    { 0 },
    "PHWT",
    PLUM_ERROR_NOT_SUPPORTED,
    TRUE },
  { "604", UPNP_ACTION_ADD, 604, 8080, FALSE, { 0 }, "", PLUM_ERROR_REFUSED },
  { "605", UPNP_ACTION_ADD, 605, 8080, FALSE, { 0 }, "T", PLUM_ERROR_NOT_SUPPORTED },
  { "401", UPNP_ACTION_ADD, 401, 8080, FALSE, { 0 }, "", PLUM_ERROR_NOT_SUPPORTED },
  { "602", UPNP_ACTION_ADD, 602, 8080, FALSE, { 0 }, "", PLUM_ERROR_NOT_SUPPORTED },
  /* Every step keeps a required port. */
  { "exact-718", UPNP_ACTION_ADD, 718, 8080, FALSE, { 0 }, "L", PLUM_ERROR_CONFLICT, TRUE },
  { "exact-718-v2", UPNP_ACTION_ADD, 718, 9000, TRUE, { 0 }, "L", PLUM_ERROR_CONFLICT, TRUE },
  { "exact-729", UPNP_ACTION_ADD, 729, 9000, FALSE, { 0 }, "L", PLUM_ERROR_CONFLICT, TRUE },
  { "exact-724", UPNP_ACTION_ADD, 724, 9000, FALSE, { 0 }, "", PLUM_ERROR_NOT_SUPPORTED, TRUE },
  { "exact-724-with-same-port",
    UPNP_ACTION_ADD,
    724,
    8080,
    FALSE,
    { 0 },
    "",
    PLUM_ERROR_NOT_SUPPORTED,
    TRUE },
  { "exact-402", UPNP_ACTION_ADD, 402, 8080, FALSE, { 0 }, "PHWT", PLUM_ERROR_NOT_SUPPORTED, TRUE },
  { "exact-501", UPNP_ACTION_ADD, 501, 8080, FALSE, { 0 }, "PL", PLUM_ERROR_REFUSED, TRUE },
  { "exact-501-permanent",
    UPNP_ACTION_ADD,
    501,
    8080,
    FALSE,
    { .lease = UPNP_LEASE_PERMANENT },
    "HWL",
    PLUM_ERROR_REFUSED,
    TRUE },
  { "exact-606", UPNP_ACTION_ADD, 606, 8080, FALSE, { 0 }, "L", PLUM_ERROR_REFUSED, TRUE },
  { "exact-606-privileged",
    UPNP_ACTION_ADD,
    606,
    443,
    FALSE,
    { 0 },
    "L",
    PLUM_ERROR_REFUSED,
    TRUE },
  { "exact-716", UPNP_ACTION_ADD, 716, 8080, FALSE, { 0 }, "", PLUM_ERROR_NOT_SUPPORTED, TRUE },
  { "exact-728", UPNP_ACTION_ADD, 728, 8080, TRUE, { 0 }, "", PLUM_ERROR_NO_RESOURCES, TRUE },
  { "any-401", UPNP_ACTION_ADD_ANY, 401, 8080, TRUE, { 0 }, "a", PLUM_ERROR_NOT_SUPPORTED },
  { "any-602", UPNP_ACTION_ADD_ANY, 602, 8080, TRUE, { 0 }, "a", PLUM_ERROR_NOT_SUPPORTED },
  { "any-718", UPNP_ACTION_ADD_ANY, 718, 8080, TRUE, { 0 }, "OLOOOOOOOO", PLUM_ERROR_CONFLICT },
  { "delete-714", UPNP_ACTION_DELETE, 714, 8080, FALSE, { 0 }, "D", 0 },
  { "delete-402", UPNP_ACTION_DELETE, 402, 8080, FALSE, { 0 }, "*", PLUM_ERROR_REFUSED },
  { "delete-402-with-star",
    UPNP_ACTION_DELETE,
    402,
    8080,
    FALSE,
    { .star_on_delete = TRUE },
    "",
    PLUM_ERROR_REFUSED },
  { "delete-606", UPNP_ACTION_DELETE, 606, 8080, FALSE, { 0 }, "", PLUM_ERROR_REFUSED },
  { "delete-401", UPNP_ACTION_DELETE, 401, 8080, FALSE, { 0 }, "", PLUM_ERROR_NOT_SUPPORTED },
  { "pinhole-701", UPNP_ACTION_ADD_PINHOLE, 701, 8080, FALSE, { 0 }, "", PLUM_ERROR_NO_RESOURCES },
  { "pinhole-702", UPNP_ACTION_ADD_PINHOLE, 702, 8080, FALSE, { 0 }, "N", 0 },
  { "pinhole-703", UPNP_ACTION_ADD_PINHOLE, 703, 8080, FALSE, { 0 }, "", PLUM_ERROR_REFUSED },
  { "pinhole-705", UPNP_ACTION_ADD_PINHOLE, 705, 8080, FALSE, { 0 }, "", PLUM_ERROR_NOT_SUPPORTED },
  { "pinhole-402",
    UPNP_ACTION_ADD_PINHOLE,
    402,
    8080,
    FALSE,
    { 0 },
    "H",
    PLUM_ERROR_NOT_SUPPORTED },
  { "pinhole-606", UPNP_ACTION_ADD_PINHOLE, 606, 8080, FALSE, { 0 }, "", PLUM_ERROR_REFUSED },
  { "pinhole-606-privileged",
    UPNP_ACTION_ADD_PINHOLE,
    606,
    443,
    FALSE,
    { 0 },
    "",
    PLUM_ERROR_REFUSED },
  { "pinhole-501", UPNP_ACTION_ADD_PINHOLE, 501, 8080, FALSE, { 0 }, "", PLUM_ERROR_REFUSED },
  { "update-702", UPNP_ACTION_UPDATE_PINHOLE, 702, 8080, FALSE, { 0 }, "N", 0 },
  { "update-704", UPNP_ACTION_UPDATE_PINHOLE, 704, 8080, FALSE, { 0 }, "U", PLUM_ERROR_REFUSED },
  { "update-402",
    UPNP_ACTION_UPDATE_PINHOLE,
    402,
    8080,
    FALSE,
    { 0 },
    "UH",
    PLUM_ERROR_NOT_SUPPORTED },
  { "update-606", UPNP_ACTION_UPDATE_PINHOLE, 606, 8080, FALSE, { 0 }, "U", PLUM_ERROR_REFUSED },
  { "close-704", UPNP_ACTION_DELETE_PINHOLE, 704, 8080, FALSE, { 0 }, "D", 0 },
  { "close-402", UPNP_ACTION_DELETE_PINHOLE, 402, 8080, FALSE, { 0 }, "D", 0 },
  { "close-702", UPNP_ACTION_DELETE_PINHOLE, 702, 8080, FALSE, { 0 }, "D", 0 },
  { "close-606", UPNP_ACTION_DELETE_PINHOLE, 606, 8080, FALSE, { 0 }, "", PLUM_ERROR_REFUSED },
  { "close-602",
    UPNP_ACTION_DELETE_PINHOLE,
    602,
    8080,
    FALSE,
    { 0 },
    "",
    PLUM_ERROR_NOT_SUPPORTED },
};

static char
letter (const UpnpStep *step)
{
  static const char leases[] = { '?', 'P', 'H', 'W' };
  static const char steps[] = {
    [UPNP_NEXT_DONE] = 'D',       [UPNP_NEXT_READ_ENTRY] = 'L',  [UPNP_NEXT_OTHER_PORT] = 'O',
    [UPNP_NEXT_FRESH_PORT] = 'F', [UPNP_NEXT_HIGH_PORT] = 'I',   [UPNP_NEXT_SAME_PORT] = 'S',
    [UPNP_NEXT_ADD_ANY] = 'A',    [UPNP_NEXT_ADD_PLAIN] = 'a',   [UPNP_NEXT_SHORT_TEXT] = 'T',
    [UPNP_NEXT_STAR] = '*',       [UPNP_NEXT_ADD_PINHOLE] = 'U', [UPNP_NEXT_NO_FIREWALL] = 'N',
  };

  return step->next == UPNP_NEXT_LEASE ? leases[step->lease] : steps[step->next];
}

/* The part of the caller: choose a port. */
static void
set_port (UpnpAttempt *attempt, const UpnpStep *step)
{
  if (step->next == UPNP_NEXT_SAME_PORT)
    upnp_attempt_set_port (attempt, INTERNAL);
  else if (step->next == UPNP_NEXT_OTHER_PORT || step->next == UPNP_NEXT_FRESH_PORT ||
           step->next == UPNP_NEXT_HIGH_PORT || step->next == UPNP_NEXT_ADD_PLAIN)
    upnp_attempt_set_port (attempt, 20000 + attempt->n_ports);
}

/* A router that always sends the same fault: the ladder ends after these steps. */
static void
test_row (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GString) steps = g_string_new (NULL);
  UpnpAttempt attempt;
  UpnpStep step;

  upnp_attempt_init (&attempt, c->action, &c->memory, INTERNAL, 7200, c->v2);
  attempt.exact = c->exact;
  attempt.tried_any = c->action == UPNP_ACTION_ADD_ANY;
  upnp_attempt_set_port (&attempt, c->external_port);
  if (c->action == UPNP_ACTION_ADD_ANY)
    attempt.entry_read = FALSE;

  for (step = upnp_ladder_next (&attempt, c->code); step.next != UPNP_NEXT_FAIL;
       step = upnp_ladder_next (&attempt, c->code))
    {
      g_string_append_c (steps, letter (&step));
      g_assert_cmpuint (steps->len, <, 32);
      if (step.next == UPNP_NEXT_DONE || step.next == UPNP_NEXT_NO_FIREWALL)
        break;
      upnp_attempt_take (&attempt, &step);
      set_port (&attempt, &step);
    }

  g_assert_cmpstr (steps->str, ==, c->steps);
  if (step.next == UPNP_NEXT_FAIL)
    {
      g_assert_cmpint (step.error, ==, c->error);
      g_assert_nonnull (step.advice);
    }
}

/* For every sequence of faults, the ladder ends, and requests no other port than a required one. */
static void
test_bounded (gconstpointer exact)
{
  static const UpnpMemory memory = { 0 };

  for (guint seed = 0; seed < 500; seed++)
    {
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
      UpnpAttempt attempt;
      UpnpStep step;
      guint n = 0;

      upnp_attempt_init (&attempt, UPNP_ACTION_ADD, &memory, INTERNAL, 7200, TRUE);
      attempt.exact = exact != NULL;
      upnp_attempt_set_port (&attempt, 80);
      do
        {
          step = upnp_ladder_next (&attempt, cases[g_rand_int_range (rand, 0, 25)].code);
          upnp_attempt_take (&attempt, &step);
          set_port (&attempt, &step);
          g_assert_cmpuint (n++, <, 40);
          g_assert_true (exact == NULL || (attempt.n_ports == 1 && !attempt.tried_any));
        }
      while (step.next != UPNP_NEXT_FAIL);
    }
}

/* -- Advice -- */

static const char *
last_advice (int code)
{
  const UpnpMemory memory = { 0 };
  UpnpAttempt attempt;
  UpnpStep step;

  upnp_attempt_init (&attempt, UPNP_ACTION_ADD, &memory, INTERNAL, 7200, TRUE);
  upnp_attempt_set_port (&attempt, INTERNAL);
  for (step = upnp_ladder_next (&attempt, code); step.next != UPNP_NEXT_FAIL;
       step = upnp_ladder_next (&attempt, code))
    {
      upnp_attempt_take (&attempt, &step);
      upnp_attempt_set_port (&attempt, 20000 + attempt.n_ports);
    }

  return step.advice;
}

static void
test_advice (void)
{
  g_assert_nonnull (strstr (last_advice (606), "only some external ports"));
  g_assert_nonnull (strstr (last_advice (402), "its table may be full"));
}

/* Without a public address, the router answers 501 to every request. */
static void
test_no_any_without_address (void)
{
  const UpnpMemory memory = { .lease = UPNP_LEASE_PERMANENT };
  UpnpAttempt attempt;

  upnp_attempt_init (&attempt, UPNP_ACTION_ADD, &memory, INTERNAL, 7200, TRUE);
  attempt.n_ports = 2;
  attempt.leases = G_MAXUINT;
  g_assert_cmpint (upnp_ladder_next (&attempt, 501).next, ==, UPNP_NEXT_ADD_ANY);
  attempt.no_public_address = TRUE;
  g_assert_cmpint (upnp_ladder_next (&attempt, 501).next, ==, UPNP_NEXT_FAIL);
}

/* The lease was not the reason: AddAnyPortMapping requests the first kind again. */
static void
test_any_with_the_first_lease (void)
{
  const UpnpMemory memory = { 0 };
  UpnpAttempt attempt;
  UpnpStep step;

  upnp_attempt_init (&attempt, UPNP_ACTION_ADD, &memory, INTERNAL, 7200, TRUE);
  upnp_attempt_set_port (&attempt, INTERNAL);
  for (step = upnp_ladder_next (&attempt, 402); attempt.action != UPNP_ACTION_ADD_ANY;
       step = upnp_ladder_next (&attempt, 402))
    {
      upnp_attempt_take (&attempt, &step);
      if (step.next == UPNP_NEXT_OTHER_PORT)
        upnp_attempt_set_port (&attempt, 20000);
    }

  g_assert_cmpuint (upnp_attempt_get_lease (&attempt), ==, 7200);
}

static void
test_leases (void)
{
  static const UpnpMemory memory = { 0 };
  static const UpnpStep permanent = { UPNP_NEXT_LEASE, UPNP_LEASE_PERMANENT, 0, NULL };
  static const UpnpStep hour = { UPNP_NEXT_LEASE, UPNP_LEASE_HOUR, 0, NULL };
  static const UpnpStep week = { UPNP_NEXT_LEASE, UPNP_LEASE_WEEK, 0, NULL };
  UpnpAttempt attempt;

  upnp_attempt_init (&attempt, UPNP_ACTION_ADD, &memory, INTERNAL, 7200, FALSE);
  g_assert_cmpuint (upnp_attempt_get_lease (&attempt), ==, 7200);
  upnp_attempt_take (&attempt, &permanent);
  g_assert_cmpuint (upnp_attempt_get_lease (&attempt), ==, 0);
  upnp_attempt_take (&attempt, &hour);
  g_assert_cmpuint (upnp_attempt_get_lease (&attempt), ==, 3600);
  upnp_attempt_take (&attempt, &week);
  g_assert_cmpuint (upnp_attempt_get_lease (&attempt), ==, 604800);
}

static void
test_lease_permanent (void)
{
  static const UpnpMemory memory = { 0 };
  UpnpAttempt attempt;

  upnp_attempt_init (&attempt, UPNP_ACTION_ADD, &memory, INTERNAL, PLUM_LIFETIME_FOREVER, FALSE);
  g_assert_cmpuint (upnp_attempt_get_lease (&attempt), ==, 0);
}

static void
test_lease_capped (void)
{
  static const UpnpMemory memory = { 0 };
  UpnpAttempt attempt;

  upnp_attempt_init (&attempt, UPNP_ACTION_ADD, &memory, INTERNAL, 1000000, FALSE);
  g_assert_cmpuint (upnp_attempt_get_lease (&attempt), ==, 604800);
}

static void
test_learn_by_success_only (void)
{
  static const UpnpStep permanent = { UPNP_NEXT_LEASE, UPNP_LEASE_PERMANENT, 0, NULL };
  UpnpMemory memory = { 0 };
  UpnpAttempt attempt;

  upnp_attempt_init (&attempt, UPNP_ACTION_ADD, &memory, INTERNAL, 7200, FALSE);
  upnp_attempt_take (&attempt, &permanent);
  upnp_attempt_learn (&attempt, FALSE, &memory);
  g_assert_cmpint (memory.lease, ==, UPNP_LEASE_REQUESTED);
  upnp_attempt_learn (&attempt, TRUE, &memory);
  g_assert_cmpint (memory.lease, ==, UPNP_LEASE_PERMANENT);
}

/* After every lease was refused, the next port is requested with the first lease. */
static void
test_lease_returns_to_requested (void)
{
  static const UpnpMemory memory = { 0 };
  UpnpAttempt attempt;

  upnp_attempt_init (&attempt, UPNP_ACTION_ADD, &memory, INTERNAL, 7200, FALSE);
  upnp_attempt_set_port (&attempt, INTERNAL);
  for (guint i = 0; i < 4; i++)
    {
      UpnpStep step = upnp_ladder_next (&attempt, 402);

      upnp_attempt_take (&attempt, &step);
    }
  g_assert_cmpuint (upnp_attempt_get_lease (&attempt), ==, 7200);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/upnp/ladder/row/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_row);
    }
  g_test_add_data_func ("/upnp/ladder/bounded", NULL, test_bounded);
  g_test_add_data_func ("/upnp/ladder/exact-bounded", "exact", test_bounded);
  g_test_add_func ("/upnp/ladder/advice", test_advice);
  g_test_add_func ("/upnp/ladder/no-any-without-address", test_no_any_without_address);
  g_test_add_func ("/upnp/ladder/any-with-the-first-lease", test_any_with_the_first_lease);
  g_test_add_func ("/upnp/ladder/leases", test_leases);
  g_test_add_func ("/upnp/ladder/lease-permanent", test_lease_permanent);
  g_test_add_func ("/upnp/ladder/lease-capped", test_lease_capped);
  g_test_add_func ("/upnp/ladder/learn-by-success-only", test_learn_by_success_only);
  g_test_add_func ("/upnp/ladder/lease-returns-to-requested", test_lease_returns_to_requested);

  return g_test_run ();
}
