from heyho_server.cli import main
from heyho_server.serving import leave

leave(main())
