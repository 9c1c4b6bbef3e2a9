// SPDX-License-Identifier: LGPL-2.1-or-later

// Keeps TCP port 8080 of this host reachable from outside until Ctrl-C.

void on_changed (Plum.Mapping mapping) {
  if (mapping.state == Plum.State.SUCCESS) {
    // null: the router has no address at present
    print ("Mapped at %s, port %u\n", mapping.external_host ?? "an unknown address",
           mapping.external_port);
  }
}

// The library tries again.
void on_error (Plum.Mapping mapping) {
  if (mapping.error_summary != null) {
    print ("Not mapped: %s\n", mapping.error_summary);
  }
}

// Removes the mapping from the router now, not when its lease expires.
async void close_manager (Plum.Manager manager, MainLoop loop) {
  try {
    yield manager.close_async (null);
  } catch (Error error) {
    printerr ("%s\n", error.message);
  }
  loop.quit ();
}

int main () {
  var loop = new MainLoop ();
  var manager = new Plum.Manager () { application_name = "Example" };
  var mapping = new Plum.Mapping (Plum.Protocol.TCP, 8080);

  mapping.changed.connect (on_changed);
  mapping.notify["error-summary"].connect (() => on_error (mapping));
  Unix.signal_add (Posix.Signal.INT, () => {
    close_manager.begin (manager, loop);
    return Source.REMOVE;
  });
  try {
    manager.add_mapping (mapping);
  } catch (Error error) {
    printerr ("%s\n", error.message);   // an argument is invalid
    return 1;
  }
  loop.run ();
  return 0;
}
