/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-verdicts-private.h"

/* What a router that has answered did, from the most to the least helpful for the user. */
static const struct
{
  PlumError code;
  const char *before; /* the title of the backend */
  const char *after;
} outcomes[] = {
  { PLUM_ERROR_CONFLICT, "The router answers to ",
    ", but the external port is in use. Choose another external port." },
  { PLUM_ERROR_REFUSED, "The router answers to ",
    ", but refuses to map the port. Allow it in the router's settings." },
  { PLUM_ERROR_NO_RESOURCES, "The router answers to ",
    ", but cannot map the port now: its table is full, or it has no public address. Check its "
    "internet connection." },
  { PLUM_ERROR_MALFORMED, "The router answers to ",
    ", but the answer cannot be used. Update the router, or forward the port in its settings." },
  { PLUM_ERROR_TIMED_OUT, "The router supports ",
    ", but did not answer the request in time. Try again, or restart the router." },
  { PLUM_ERROR_NOT_SUPPORTED, "The router answers to ",
    ", but does not support this mapping. Forward the port in its settings." },
};

/* Returns how far the backend got: the lower, the further. */
static guint
rate_verdict (PlumVerdict *verdict)
{
  const GError *error = plum_verdict_get_error (verdict);
  guint n = G_N_ELEMENTS (outcomes);
  guint rate = 0;

  while (rate < n && !g_error_matches (error, PLUM_ERROR, (int) outcomes[rate].code))
    rate++;

  if (plum_verdict_get_requested (verdict))
    return rate;

  /* In the discovery, the last two also mean that the router does not answer. */
  return rate < n && outcomes[rate].code != PLUM_ERROR_TIMED_OUT &&
             outcomes[rate].code != PLUM_ERROR_NOT_SUPPORTED
           ? n + 1
           : n + 2;
}

static char *
join_titles (GListModel *verdicts)
{
  guint n = g_list_model_get_n_items (verdicts);
  GString *titles = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumVerdict) verdict = g_list_model_get_item (verdicts, i);
      const char *separator = i + 1 < n ? ", " : " or ";

      g_string_append_printf (titles, "%s%s", i > 0 ? separator : "",
                              plum_verdict_get_backend_title (verdict));
    }

  return g_string_free (titles, FALSE);
}

static char *
make_sentence (const char *message)
{
  return g_strconcat (message, g_str_has_suffix (message, ".") ? "" : ".", NULL);
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

  if (best == NULL)
    return make_sentence (error->message);
  if (best_rate < G_N_ELEMENTS (outcomes))
    return g_strconcat (outcomes[best_rate].before, plum_verdict_get_backend_title (best),
                        outcomes[best_rate].after, NULL);
  if (best_rate <= G_N_ELEMENTS (outcomes) + 1)
    return make_sentence (plum_verdict_get_error (best)->message);

  titles = join_titles (verdicts);
  return g_strdup_printf ("No router answers to %s. Enable %s in the router's settings.", titles,
                          n > 1 ? "one of them" : "it");
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
