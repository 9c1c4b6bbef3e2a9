/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-discovery-text.h"

#include <glib/gi18n-lib.h>

char *
upnp_discovery_text_dup_described (const UpnpDevice *device, gboolean ipv6, guint n_services)
{
  const UpnpDescription *description = device->description;
  const char *make = description->manufacturer;
  const char *model = description->model;
  const char *called = description->friendly_name;
  guint n = n_services;

  return g_strdup_printf (
    ipv6
      /* Translators: an address, the make, model and name of the device there, a number. */
      ? g_dngettext (GETTEXT_PACKAGE,
                     "%s is %s %s (%s), with %u service that can open its IPv6 firewall",
                     "%s is %s %s (%s), with %u services that can open its IPv6 firewall", n)
      /* Translators: an address, the make, model and name of the device there, a number. */
      : g_dngettext (GETTEXT_PACKAGE, "%s is %s %s (%s), with %u service that can map ports",
                     "%s is %s %s (%s), with %u services that can map ports", n),
    device->name, make != NULL ? make : _ ("an unknown manufacturer"),
    model != NULL ? model : _ ("an unknown model"), called != NULL ? called : _ ("unnamed"), n);
}

char *
upnp_discovery_text_dup_not_used (const char *name, const char *gateway, UpnpLinkVerdict verdict)
{
  if (verdict == UPNP_LINK_OFF_LINK)
    /* Translators: three addresses, of which the first and the last are the same. */
    return g_strdup_printf (_ ("an answer from %s, which is not the gateway %s and not on its "
                               "link, was not used; if it is the router, set gateway-address "
                               "(--gateway %s)"),
                            name, gateway, name);

  /* Translators: an address, and a clause such as “it is an address of this host”. */
  return g_strdup_printf (_ ("an answer from %s was not used: %s"), name,
                          upnp_link_explain (verdict));
}

char *
upnp_discovery_text_dup_failed (const UpnpCandidate *candidate, guint n_forged, gboolean ipv6)
{
  const char *name = candidate->device->name;

  if (candidate->refuses)
    /* Translators: an address, and a clause such as “it does not allow …”. */
    return g_strdup_printf (_ ("%s answered the search, but %s: allow it in the router's settings"),
                            name, candidate->problem);

  if (n_forged > 0)
    return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE,
                   "answers with the address of %s named %u description, which cannot be used; "
                   "another host may have forged it",
                   "answers with the address of %s named %u different descriptions, and none of "
                   "them can be used; another host may have forged them",
                   n_forged),
      name, n_forged);

  if (ipv6)
    /* Translators: an address, and a clause such as “it has no service that …”. */
    return g_strdup_printf (_ ("%s answered the search, but %s"), name, candidate->problem);

  /* Translators: an address, and a clause such as “its description cannot be read: …”. */
  return g_strdup_printf (_ ("%s answered the search, but %s; restarting it may help"), name,
                          candidate->problem);
}
