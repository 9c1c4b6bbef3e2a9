/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a failed mapping says: the verdicts of the backends, and the sentence for the user. */

#include "core-fixture.h"

#include "plum-values-private.h"
#include "plum-verdicts-private.h"

/* Such as "alpha:requested:2 beta:1" with the codes. */
static void
assert_verdicts (PlumMapping *mapping, const char *expected)
{
  GListModel *verdicts = plum_mapping_get_verdicts (mapping);
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_nonnull (verdicts);
  g_assert_true (g_list_model_get_item_type (verdicts) == PLUM_TYPE_VERDICT);
  for (guint i = 0; i < g_list_model_get_n_items (verdicts); i++)
    {
      g_autoptr (PlumVerdict) verdict = g_list_model_get_item (verdicts, i);
      const GError *error = plum_verdict_get_error (verdict);

      g_assert_true (error->domain == PLUM_ERROR);
      g_assert_cmpstr (plum_verdict_get_backend_title (verdict), !=, "");
      g_string_append_printf (text, "%s%s:%s%d", i > 0 ? " " : "",
                              plum_verdict_get_backend_name (verdict),
                              plum_verdict_get_requested (verdict) ? "requested:" : "",
                              error->code);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_order (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autofree char *expected =
    g_strdup_printf ("alpha:%d beta:requested:%d gamma:requested:%d", PLUM_ERROR_TIMED_OUT,
                     PLUM_ERROR_NO_RESOURCES, PLUM_ERROR_REFUSED);

  ALPHA->discover = NO (TIMED_OUT);
  BETA->map = ((FakeReply){ .fails = TRUE, .code = PLUM_ERROR_NO_RESOURCES, .delay_ms = 50 });
  GAMMA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 1000);
  core_assert_state (mapping, FAILURE);
  assert_verdicts (mapping, expected);
  g_assert_cmpstr (plum_mapping_get_error_summary (mapping), ==,
                   "The router answers to gamma, but refuses to map the port. Allow it in the "
                   "router's settings.");
}

static void
test_silent (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = BETA->discover = GAMMA->discover = NO (TIMED_OUT);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  g_assert_cmpstr (plum_mapping_get_error_summary (mapping), ==,
                   "No router answers to alpha, beta or gamma. Enable one of them in the router's "
                   "settings.");
}

/* A backend that does not apply to the network says nothing, unless it is alone. No router was
 * asked then. */
static void
test_inapplicable (CoreFixture *f, gconstpointer data)
{
  const char *const alone[] = { "alpha", NULL };
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) other = NULL;
  g_autofree char *two =
    g_strdup_printf ("beta:%d gamma:%d", PLUM_ERROR_TIMED_OUT, PLUM_ERROR_TIMED_OUT);
  g_autofree char *one = g_strdup_printf ("alpha:%d", PLUM_ERROR_NOT_SUPPORTED);

  ALPHA->discover = NO (NOT_SUPPORTED);
  BETA->discover = GAMMA->discover = NO (TIMED_OUT);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  assert_verdicts (mapping, two);

  plum_manager_set_enabled_backends (f->manager, alone);
  other = core_add (f, 8081, 0);
  test_loop_settle (&f->loop);
  assert_verdicts (other, one);
  g_assert_cmpstr (plum_mapping_get_error_summary (other), ==, "alpha said no to discover.");
}

/* All reasons are reported, and none of them as one of the router. */
static void
test_none_applies (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autofree char *all = g_strdup_printf ("alpha:%d beta:%d gamma:%d", PLUM_ERROR_NOT_SUPPORTED,
                                          PLUM_ERROR_NOT_SUPPORTED, PLUM_ERROR_NOT_SUPPORTED);

  ALPHA->discover = BETA->discover = GAMMA->discover = NO (NOT_SUPPORTED);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_BACKEND);
  assert_verdicts (mapping, all);
  g_assert_cmpstr (
    plum_mapping_get_error_summary (mapping), ==,
    "alpha said no to discover; beta said no to discover; gamma said no to discover.");
}

/* The reason is not one of a backend. */
static void
test_no_router (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_gateway_address (f->manager, NULL);
  plum_manager_set_interface (f->manager, "none0");
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_null (plum_mapping_get_verdicts (mapping));
  g_assert_cmpstr (plum_mapping_get_error_summary (mapping), ==,
                   "The interface “none0” does not exist.");
}

/* A success clears both, and a new failure replaces them. */
static void
test_cleared (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GListModel) first = NULL;

  ALPHA->map = BETA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  g_set_object (&first, plum_mapping_get_verdicts (mapping));
  g_assert_cmpuint (g_list_model_get_n_items (first), ==, 2);

  ALPHA->map = BETA->map = NO (NO_RESOURCES);
  test_loop_advance (&f->loop, 17000);
  g_assert_true (plum_mapping_get_verdicts (mapping) != first);
  g_assert_true (g_str_has_prefix (plum_mapping_get_error_summary (mapping),
                                   "The router answers to alpha, but cannot map the port now"));

  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->loop, 70000);
  core_assert_state (mapping, SUCCESS);
  g_assert_null (plum_mapping_get_verdicts (mapping));
  g_assert_null (plum_mapping_get_error_summary (mapping));
}

/* --- The sentence --- */

typedef struct
{
  const char *path;
  PlumError pcp;
  gboolean pcp_requested;
  PlumError upnp;
  gboolean upnp_requested;
  const char *sentence; /* its beginning */
} Case;

static const Case cases[] = {
  { "conflict", PLUM_ERROR_REFUSED, TRUE, PLUM_ERROR_CONFLICT, TRUE,
    "The router answers to UPnP IGD, but the external port is not available." },
  { "requested-beats-discovery", PLUM_ERROR_REFUSED, FALSE, PLUM_ERROR_NOT_SUPPORTED, TRUE,
    "The router answers to UPnP IGD, but does not support this mapping." },
  { "no-public-address", PLUM_ERROR_NO_RESOURCES, FALSE, PLUM_ERROR_REFUSED, TRUE,
    "The router answers to UPnP IGD, but cannot map the port now: its table is full, or it has no "
    "public address." },
  { "no-public-address-and-conflict", PLUM_ERROR_NO_RESOURCES, FALSE, PLUM_ERROR_CONFLICT, TRUE,
    "The router answers to UPnP IGD, but the external port is not available." },
  { "table-full-and-refused", PLUM_ERROR_NO_RESOURCES, TRUE, PLUM_ERROR_REFUSED, TRUE,
    "The router answers to UPnP IGD, but refuses" },
  { "answered-beats-silent", PLUM_ERROR_TIMED_OUT, FALSE, PLUM_ERROR_NO_RESOURCES, FALSE,
    "UPnP: said no." },
  { "priority-decides", PLUM_ERROR_REFUSED, TRUE, PLUM_ERROR_REFUSED, TRUE,
    "The router answers to PCP, but refuses" },
  { "silent-request", PLUM_ERROR_TIMED_OUT, TRUE, PLUM_ERROR_TIMED_OUT, FALSE,
    "The router supports PCP, but did not answer the request in time." },
  { "malformed", PLUM_ERROR_MALFORMED, TRUE, PLUM_ERROR_TIMED_OUT, TRUE,
    "The router answers to PCP, but the answer cannot be used." },
  { "silent", PLUM_ERROR_TIMED_OUT, FALSE, PLUM_ERROR_NOT_SUPPORTED, FALSE,
    "No router answers to PCP or UPnP IGD. Enable one of them in the router's settings." },
};

static void
test_sentence (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GListStore) verdicts = g_list_store_new (PLUM_TYPE_VERDICT);
  g_autoptr (GError) pcp = g_error_new_literal (PLUM_ERROR, (int) c->pcp, "PCP: said no");
  g_autoptr (GError) upnp = g_error_new_literal (PLUM_ERROR, (int) c->upnp, "UPnP: said no");
  g_autoptr (PlumVerdict) first = plum_verdict_new ("pcp", "PCP", pcp, c->pcp_requested, TRUE);
  g_autoptr (PlumVerdict) second =
    plum_verdict_new ("upnp", "UPnP IGD", upnp, c->upnp_requested, TRUE);
  g_autofree char *sentence = NULL;

  g_list_store_append (verdicts, first);
  g_list_store_append (verdicts, second);
  sentence = plum_verdicts_summarize (G_LIST_MODEL (verdicts), pcp);
  g_assert_true (g_str_has_prefix (sentence, c->sentence));
  g_assert_true (g_str_has_suffix (sentence, "."));
}

/* An error that is not of the library, such as one of a socket. */
static void
test_other_error (void)
{
  g_autoptr (GListStore) verdicts = g_list_store_new (PLUM_TYPE_VERDICT);
  g_autoptr (GError) error =
    g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE, "PCP: Network unreachable");
  g_autoptr (PlumVerdict) verdict = plum_verdict_new ("pcp", "PCP", error, TRUE, TRUE);
  g_autofree char *sentence = NULL;

  g_list_store_append (verdicts, verdict);
  sentence = plum_verdicts_summarize (G_LIST_MODEL (verdicts), error);
  g_assert_cmpstr (sentence, ==, "PCP: Network unreachable.");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD_N ("/verdicts/order", 3, test_order);
  CORE_ADD_N ("/verdicts/silent", 3, test_silent);
  CORE_ADD_N ("/verdicts/inapplicable", 3, test_inapplicable);
  CORE_ADD_N ("/verdicts/none-applies", 3, test_none_applies);
  CORE_ADD_N ("/verdicts/no-router", 2, test_no_router);
  CORE_ADD_N ("/verdicts/cleared", 2, test_cleared);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/verdicts/sentence/", cases[i].path, NULL);

      g_test_add_data_func (path, &cases[i], test_sentence);
    }
  g_test_add_func ("/verdicts/sentence/other-error", test_other_error);

  return g_test_run ();
}
