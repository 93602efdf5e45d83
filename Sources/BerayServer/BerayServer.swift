// BerayServer
