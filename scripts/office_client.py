"""Drives a LibreOffice that scripts/editors started: reads a command a line, answers each with a line, `done` or `failed: …`.

Usage: office_client.py PIPE. The commands are `open PATH`, `put TEXT` (behind the text, or into cell A1 of a sheet), `store`,
`store-as PATH`, `close` and `quit`.
"""

import os
import sys
import time

import uno
from com.sun.star.beans import PropertyValue


def connect(pipe):
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    deadline = time.monotonic() + 60
    while True:
        try:
            remote = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return remote.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", remote)
        except uno.getClass("com.sun.star.connection.NoConnectException"):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Client:
    def __init__(self, desktop):
        self.desktop, self.document = desktop, None

    def open(self, path):
        hidden = PropertyValue()
        hidden.Name, hidden.Value = "Hidden", True
        self.document = self.desktop.loadComponentFromURL(uno.systemPathToFileUrl(path), "_blank", 0, (hidden,))
        if self.document is None:
            raise RuntimeError(f"{path} does not open")

    def put(self, text):
        if self.document.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
            self.document.Sheets.getByIndex(0).getCellByPosition(0, 0).setString(text)
        else:
            self.document.Text.insertString(self.document.Text.End, text, False)

    def store(self, _):
        self.document.store()

    def store_as(self, path):
        self.document.storeAsURL(uno.systemPathToFileUrl(path), ())

    def close(self, _):
        self.document.close(True)

    def quit(self, _):
        self.desktop.terminate()


def main():
    client = Client(connect(sys.argv[1]))
    for line in sys.stdin:
        command, _, argument = line.rstrip("\n").partition(" ")
        try:
            getattr(client, command.replace("-", "_"))(argument)
            print("done", flush=True)
        except Exception as error:  # whatever LibreOffice throws is the answer
            print("failed:", str(error).replace("\n", " "), flush=True)
        if command == "quit":
            # The ordinary end of Python may crash once LibreOffice is gone.
            os._exit(0)


if __name__ == "__main__":
    main()
