/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-verdicts-private.h"

#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

/* What a router that has answered did, from the most to the least helpful for the user. */
static const PlumError outcomes[] = {
  PLUM_ERROR_CONFLICT,  PLUM_ERROR_REFUSED,   PLUM_ERROR_NO_RESOURCES,
  PLUM_ERROR_MALFORMED, PLUM_ERROR_TIMED_OUT, PLUM_ERROR_NOT_SUPPORTED,
};

/* The sentence for one of the outcomes. (transfer full) */
static char *
describe_outcome (PlumError code, const char *title)
{
  switch (code)
    {
    case PLUM_ERROR_CONFLICT:
      /* Translators: the name of a protocol. */
      return g_strdup_printf (
        _ ("The router answers to %s, but the external port is not available. Choose "
           "another external port."),
        title);
    case PLUM_ERROR_REFUSED:
      /* Translators: the name of a protocol. */
      return g_strdup_printf (
        _ ("The router answers to %s, but refuses to map the port. Allow it in "
           "the router's settings."),
        title);
    case PLUM_ERROR_NO_RESOURCES:
      /* Translators: the name of a protocol. */
      return g_strdup_printf (
        _ ("The router answers to %s, but cannot map the port now: its table is "
           "full, or it has no public address. Check its internet connection."),
        title);
    case PLUM_ERROR_MALFORMED:
      /* Translators: the name of a protocol. */
      return g_strdup_printf (
        _ ("The router answers to %s, but the answer cannot be used. Update the "
           "router, or forward the port in its settings."),
        title);
    case PLUM_ERROR_TIMED_OUT:
      /* Translators: the name of a protocol. */
      return g_strdup_printf (
        _ ("The router supports %s, but did not answer the request in time. Try "
           "again, or restart the router."),
        title);
    case PLUM_ERROR_NOT_SUPPORTED:
      /* Translators: the name of a protocol. */
      return g_strdup_printf (_ ("The router answers to %s, but does not support this mapping. "
                                 "Forward the port in its settings."),
                              title);
    case PLUM_ERROR_NO_GATEWAY:
    case PLUM_ERROR_NO_BACKEND:
    case PLUM_ERROR_DESTROYED:
    case PLUM_ERROR_MODULE:
    default:
      g_return_val_if_reached (NULL);
    }
}

/* Returns how far the backend got: the lower, the further. */
static guint
rate_verdict (PlumVerdict *verdict)
{
  const GError *error = plum_verdict_get_error (verdict);
  guint n = G_N_ELEMENTS (outcomes);
  guint rate = 0;

  while (rate < n && !g_error_matches (error, PLUM_ERROR, (int) outcomes[rate]))
    rate++;

  if (plum_verdict_get_requested (verdict))
    return rate;

  /* In the discovery, the last two also mean that the router does not answer. */
  return rate < n && outcomes[rate] != PLUM_ERROR_TIMED_OUT &&
             outcomes[rate] != PLUM_ERROR_NOT_SUPPORTED
           ? n + 1
           : n + 2;
}

/* Whether the discovery found that the router has no public address. Some routers then refuse by
 * another protocol, as if their settings forbade the mapping. */
static gboolean
is_disconnected (GListModel *verdicts)
{
  for (guint i = 0; i < g_list_model_get_n_items (verdicts); i++)
    {
      g_autoptr (PlumVerdict) verdict = g_list_model_get_item (verdicts, i);

      if (!plum_verdict_get_requested (verdict) &&
          g_error_matches (plum_verdict_get_error (verdict), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES))
        return TRUE;
    }

  return FALSE;
}

/* "PCP, NAT-PMP or UPnP IGD" */
static char *
join_titles (GListModel *verdicts)
{
  guint n = g_list_model_get_n_items (verdicts);
  char *titles = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumVerdict) verdict = g_list_model_get_item (verdicts, i);
      const char *title = plum_verdict_get_backend_title (verdict);
      g_autofree char *before = titles;

      if (i == 0)
        titles = g_strdup (title);
      else if (i + 1 < n)
        titles = g_strdup_printf ("%s, %s", before, title);
      else
        /* Translators: the end of a list of protocols. */
        titles = g_strdup_printf (_ ("%s or %s"), before, title);
    }

  return titles;
}

static char *
make_sentence (const char *message)
{
  return g_strconcat (message, g_str_has_suffix (message, ".") ? "" : ".", NULL);
}

gboolean
plum_verdicts_apply (GListModel *verdicts)
{
  for (guint i = 0; i < g_list_model_get_n_items (verdicts); i++)
    {
      g_autoptr (PlumVerdict) verdict = g_list_model_get_item (verdicts, i);

      if (plum_verdict_applies (verdict))
        return TRUE;
    }

  return FALSE;
}

char *
plum_verdicts_summarize (GListModel *verdicts, const GError *error)
{
  guint n = verdicts != NULL ? g_list_model_get_n_items (verdicts) : 0;
  guint best_rate = G_MAXUINT;
  g_autoptr (PlumVerdict) best = NULL;
  g_autofree char *titles = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumVerdict) verdict = g_list_model_get_item (verdicts, i);
      guint rate = rate_verdict (verdict);

      if (rate < best_rate)
        {
          best_rate = rate;
          g_set_object (&best, verdict);
        }
    }

  /* No router was asked. */
  if (best == NULL || !plum_verdicts_apply (verdicts))
    return make_sentence (error->message);
  if (best_rate < G_N_ELEMENTS (outcomes))
    {
      PlumError outcome = outcomes[best_rate];

      if (outcome == PLUM_ERROR_REFUSED && is_disconnected (verdicts))
        outcome = PLUM_ERROR_NO_RESOURCES;
      return describe_outcome (outcome, plum_verdict_get_backend_title (best));
    }
  if (best_rate <= G_N_ELEMENTS (outcomes) + 1)
    return make_sentence (plum_verdict_get_error (best)->message);

  titles = join_titles (verdicts);
  if (n == 1)
    /* Translators: the name of a protocol. */
    return g_strdup_printf (_ ("No router answers to %s. Enable it in the router's settings."),
                            titles);

  /* Translators: a list of protocols. */
  return g_strdup_printf (
    _ ("No router answers to %s. Enable one of them in the router's settings."), titles);
}

char *
plum_verdicts_join (GListModel *verdicts)
{
  GString *message = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (verdicts); i++)
    {
      g_autoptr (PlumVerdict) verdict = g_list_model_get_item (verdicts, i);

      g_string_append_printf (message, "%s%s", i > 0 ? "; " : "",
                              plum_verdict_get_error (verdict)->message);
    }

  return g_string_free (message, FALSE);
}
