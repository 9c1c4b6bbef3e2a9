/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "router-text.h"

static void
test_join (void)
{
  static const struct
  {
    const char *manufacturer;
    const char *model;
    const char *want;
  } rows[] = {
    { "AVM", "FRITZ!Box 7590", "AVM FRITZ!Box 7590" },
    { "NETGEAR", "NETGEAR R7000", "NETGEAR R7000" },
    { "Netgear", "NETGEAR-R7000", "NETGEAR-R7000" },
    { "TP-Link", "TP-Link", "TP-Link" },
    { "Net", "NETGEAR R7000", "Net NETGEAR R7000" },
    { NULL, "FRITZ!Box 7590", "FRITZ!Box 7590" },
    { "AVM", NULL, "AVM" },
    { NULL, NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = router_text_join (rows[i].manufacturer, rows[i].model);

      g_assert_cmpstr (text, ==, rows[i].want);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/plumctl/router-text/join", test_join);

  return g_test_run ();
}
