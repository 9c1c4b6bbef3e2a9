/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

typedef struct _Session Session;

/* One command's run: the manager, the loop, and what SIGINT, SIGTERM and SIGHUP do to them. */
struct _Session
{
  PlumManager *manager;
  GMainLoop *loop;
  int exit_code;
  int interrupt_code; /* the exit status after a signal */
  guint signal_ids[3];
  guint reader_id;
  gboolean closing;

  /* Called instead of the closing, if set. */
  void (*interrupted) (Session *self, int signal_number);
};

gboolean session_init (Session *self);
void session_clear (Session *self);
void session_end_with_reader (Session *self);
int session_run (Session *self);
void session_quit (Session *self, int exit_code);
void session_close (Session *self, int exit_code);
