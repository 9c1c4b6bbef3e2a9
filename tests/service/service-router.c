/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The routers of the library's tests in a separate process: service-router ADDRESS
 *
 * Reads commands from standard input, and answers each with one line. It exits at the end of its
 * input. Commands: "table", "reboot", "wipe", "external ADDRESS", "take PORT", "silent", "answer",
 * "refuse", "quiet-reboot", "no-pcp", "no-natpmp". */

#include <stdio.h>
#include <string.h>

#include <stdlib.h>

#include "fake-gateway.h"
#include "fake-igd.h"
#include "test-commands.h"

typedef struct
{
  FakeGateway *gateway;
  FakeIgd *igd;
  GMainLoop *loop;
} Program;

static void
reboot (Program *program)
{
  fake_gateway_reboot (program->gateway);
  if (program->gateway->last_client != NULL)
    fake_gateway_hint (program->gateway);
  fake_igd_restart (program->igd);
}

static void
set_silent (Program *program, gboolean silent)
{
  program->gateway->switches.pcp = silent ? FAKE_SILENT : FAKE_ON;
  program->gateway->switches.natpmp = silent ? FAKE_SILENT : FAKE_ON;
  program->igd->switches.http_silent = silent;
}

static void
execute (Program *program, const char *command)
{
  if (g_str_equal (command, "reboot"))
    reboot (program);
  else if (g_str_equal (command, "quiet-reboot"))
    fake_gateway_reboot (program->gateway);
  else if (g_str_equal (command, "no-pcp"))
    program->gateway->switches.pcp = FAKE_OFF;
  else if (g_str_equal (command, "no-natpmp"))
    program->gateway->switches.natpmp = FAKE_SILENT;
  else if (g_str_equal (command, "wipe"))
    fake_gateway_wipe (program->gateway);
  else if (g_str_equal (command, "silent") || g_str_equal (command, "answer"))
    set_silent (program, g_str_equal (command, "silent"));
  else if (g_str_equal (command, "refuse"))
    {
      program->gateway->switches.map_result = 2;
      program->gateway->switches.n_map_results = G_MAXUINT;
      program->igd->switches.add_fault = 606;
    }
  else if (g_str_has_prefix (command, "take "))
    fake_gateway_take_port (program->gateway, PLUM_PROTOCOL_TCP, (guint) atoi (command + 5));
  else if (g_str_has_prefix (command, "external "))
    fake_gateway_set_external_address (program->gateway, command + 9);
  else if (!g_str_equal (command, "table"))
    g_error ("unknown command “%s”", command);

  printf ("%u\n",
          fake_gateway_get_n_mappings (program->gateway) + fake_igd_n_entries (program->igd));
  fflush (stdout);
}

static void
on_line (const char *line, gpointer user_data)
{
  Program *program = user_data;

  if (line != NULL)
    execute (program, line);
  else
    g_main_loop_quit (program->loop);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Program program = { .loop = loop };

  if (argc != 2)
    {
      fprintf (stderr, "Usage: service-router ADDRESS\n");
      return 2;
    }

  program.gateway = fake_gateway_new (argv[1]);
  program.igd = fake_igd_new (argv[1]);
  printf ("ready\n");
  fflush (stdout);

  test_commands_read (on_line, &program);
  g_main_loop_run (loop);
  fake_gateway_free (program.gateway);
  fake_igd_free (program.igd);
  return 0;
}
