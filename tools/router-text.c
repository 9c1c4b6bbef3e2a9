/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a router is called, for people. */

#include "router-text.h"

#include <string.h>

/* Whether the model starts with the whole word, in either case. */
static gboolean
has_prefix (const char *model, const char *word)
{
  gsize length = strlen (word);

  return g_ascii_strncasecmp (model, word, length) == 0 &&
         (model[length] == '\0' || model[length] == ' ' || model[length] == '-');
}

/* "AVM FRITZ!Box 7590"; some models contain the name of the manufacturer already. NULL: both are
 * unknown. */
char *
router_text_join (const char *manufacturer, const char *model)
{
  if (manufacturer == NULL || (model != NULL && has_prefix (model, manufacturer)))
    return g_strdup (model);
  if (model == NULL)
    return g_strdup (manufacturer);

  return g_strconcat (manufacturer, " ", model, NULL);
}

/* NULL: the router has not described itself. */
char *
router_text_dup_name (PlumGateway *gateway)
{
  return router_text_join (plum_gateway_get_manufacturer (gateway),
                           plum_gateway_get_model (gateway));
}
