#!/usr/bin/env python3
"""A model with a script, for agents that run without a network and without a key.

It speaks Anthropic's messages, OpenAI's responses and OpenAI's chat completions. A word in the goal says what the model
does: @write writes hello.txt, @command runs a command, @sleep runs one that takes minutes, @mcp calls the tool of an MCP
server. After the result of that it says that it is done. The key `refused` gets 401. Usage: model_server.py; prints its
port. It is an MCP server, too: POST /mcp.
"""
import http.server
import itertools
import json
import re
import sys

FILE, TEXT = "hello.txt", "Hello from the scripted model.\n"
COMMAND = "python3 -c \"open('ran.txt','w').write('ran')\" && echo 3 passed in 0.4 s"
SLEEP = "python3 -c 'import time; time.sleep(601)'"
PATCH = f"*** Begin Patch\n*** Add File: {FILE}\n+{TEXT}*** End Patch"
counter = itertools.count(1)


def wish(text):
    """What the goal asks for, of all that the request holds."""
    return next((word for word in ("@write", "@command", "@sleep", "@mcp") if word in text), None)


def command(what):
    return {"@command": COMMAND, "@sleep": SLEEP, "@write": f"printf '%s' '{TEXT}' > {FILE}"}[what]


def mcp_tool(names):
    return next((name for name in names if name.endswith("lookup")), None)


def done(results):
    return f"Done: {results} tool results seen."


def some_value(schema):
    """A value that a tool takes where any will do."""
    if "enum" in schema:
        return schema["enum"][0]
    return {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}.get(schema.get("type"), "run it")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(200, {})

    def do_GET(self):
        if self.path.startswith("/mcp"):
            return self.answer(405, {})
        self.answer(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = json.loads(body or b"{}")
        path = self.path.split("?")[0]
        key = self.headers.get("x-api-key") or (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if path == "/mcp":
            return self.mcp(request)
        print(path, json.dumps([t.get("name") or t.get("function", {}).get("name") or t.get("type")
                                for t in request.get("tools") or []]), file=sys.stderr, flush=True)
        if key == "refused":
            message = {"type": "authentication_error", "message": "the scripted model says 401: invalid key"}
            return self.answer(401, {"type": "error", "error": message})
        if path.endswith("/messages"):
            return self.anthropic(request)
        if path.endswith("/responses"):
            return self.openai_responses(request)
        if path.endswith("/chat/completions"):
            return self.chat(request)
        if path.endswith("/count_tokens"):
            return self.answer(200, {"input_tokens": 10})
        self.answer(404, {"error": {"message": f"no {path} here"}})

    def answer(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def stream(self, events, named=True):
        lines = [(f"event: {e['type']}\n" if named else "") + f"data: {e if isinstance(e, str) else json.dumps(e)}\n\n"
                 for e in events]
        data = "".join(lines).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    # Anthropic: POST /v1/messages

    def anthropic(self, request):
        names = [tool.get("name") for tool in request.get("tools") or []]
        blocks = [block for message in request["messages"] if isinstance(message["content"], list)
                  for block in message["content"]]
        results = sum(block.get("type") == "tool_result" for block in blocks)
        what = wish(json.dumps(request["messages"])) if names else None
        call = None
        if what == "@mcp":
            # Where it is not offered yet, it is looked up, and offered by its name from then on.
            called = any(block.get("name", "").endswith("lookup") for block in blocks)
            if mcp_tool(names) and not called:
                call = (mcp_tool(names), {"word": "fuse"})
            elif not results:
                call = ("ToolSearch", {"query": "select:mcp__words__lookup", "max_results": 1})
        elif what and not results:
            call = ("Write", {"file_path": FILE, "content": TEXT}) if what == "@write" else (
                "Bash", {"command": command(what)})
        text = f"I will use {call[0]}." if call else done(results)
        content = [{"type": "text", "text": text}]
        if call:
            content.append({"type": "tool_use", "id": f"toolu_{next(counter)}", "name": call[0], "input": call[1]})
        message = {"id": f"msg_{next(counter)}", "type": "message", "role": "assistant", "model": request["model"],
                   "content": content, "stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None,
                   "usage": {"input_tokens": 120, "output_tokens": 20}}
        if not request.get("stream"):
            return self.answer(200, message)
        events = [{"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}]
        for index, block in enumerate(content):
            if block["type"] == "text":
                start, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": block["text"]}
            else:
                start = {**block, "input": {}}
                delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            events += [{"type": "content_block_start", "index": index, "content_block": start},
                       {"type": "content_block_delta", "index": index, "delta": delta},
                       {"type": "content_block_stop", "index": index}]
        events += [{"type": "message_delta", "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None},
                    "usage": {"output_tokens": 20}}, {"type": "message_stop"}]
        self.stream(events)

    # OpenAI: POST /v1/responses

    def openai_responses(self, request):
        tools = {tool.get("name") or tool.get("type"): tool for tool in request.get("tools") or []}
        items = request.get("input") or []
        results = sum(str(item.get("type", "")).endswith("_output") for item in items)
        what = wish(json.dumps(items))
        output = []
        if what and not results:
            output = self.responses_call(tools, what)
        if not output:
            output = [{"type": "message", "id": f"msg_{next(counter)}", "role": "assistant",
                       "content": [{"type": "output_text", "text": done(results), "annotations": []}]}]
        identity = f"resp_{next(counter)}"
        usage = {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 10,
                 "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 110}
        events = [{"type": "response.created", "response": {"id": identity}}]
        events += [{"type": "response.output_item.done", "output_index": index, "item": item}
                   for index, item in enumerate(output)]
        events.append({"type": "response.completed", "response": {"id": identity, "output": output, "usage": usage}})
        self.stream(events)

    def responses_call(self, tools, what):
        call = {"call_id": f"call_{next(counter)}", "id": f"fc_{next(counter)}"}
        if what == "@mcp":
            name = mcp_tool(tools)
            if name:
                return [{"type": "function_call", "name": name, "arguments": json.dumps({"word": "fuse"}), **call}]
            for server, tool in tools.items():
                if mcp_tool([t.get("name", "") for t in tool.get("tools") or []]):
                    return [{"type": "function_call", "namespace": server, "name": "lookup",
                             "arguments": json.dumps({"word": "fuse"}), **call}]
        if "exec" in tools and tools["exec"].get("type") == "custom":
            return [{"type": "custom_tool_call", "name": "exec", "input": self.exec_script(what), **call}]
        if what == "@write" and "apply_patch" in tools:
            kind = tools["apply_patch"].get("type")
            if kind == "custom":
                return [{"type": "custom_tool_call", "name": "apply_patch", "input": PATCH, **call}]
        forms = {"exec_command": lambda c: {"cmd": c}, "shell_command": lambda c: {"command": c},
                 "shell": lambda c: {"command": ["bash", "-lc", c]}}
        for name, arguments in forms.items():
            if name in tools and what != "@mcp":
                return [{"type": "function_call", "name": name, "arguments": json.dumps(arguments(command(what))),
                         **call}]
        return []

    def exec_script(self, what):
        """For agents whose only tool runs a script that calls the others."""
        if what == "@write":
            return f"text(await tools.apply_patch({json.dumps(PATCH)}))"
        if what == "@mcp":
            return ("const name = Object.keys(tools).find(n => n.endsWith('lookup'));"
                    "text(JSON.stringify(await tools[name]({word: 'fuse'})))")
        return f"text(JSON.stringify(await tools.exec_command({{cmd: {json.dumps(command(what))}}})))"

    # OpenAI: POST /v1/chat/completions

    def chat(self, request):
        tools = {tool["function"]["name"]: tool["function"] for tool in request.get("tools") or []}
        messages = request["messages"]
        results = sum(message["role"] == "tool" for message in messages)
        what = wish(json.dumps(messages))
        calls, text = [], done(results)
        if tools and what and not results:
            name, arguments = self.chat_call(tools, what, json.dumps(messages))
            text = f"I will use {name}."
            calls = [(name, arguments)]
        elif not tools and what == "@write" and results == 0:
            text = f"Here is the file.\n\n{FILE}\n```\n<<<<<<< SEARCH\n=======\n{TEXT}>>>>>>> REPLACE\n```\n"
        elif "finish" in tools:
            calls = [("finish", {"message": text})]
        elif set(tools) == {"bash"}:
            calls = [("bash", {"command": "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"})]
        elif "complete" in tools:
            calls = [("complete", {})]
        called = [{"id": f"call_{next(counter)}", "type": "function",
                   "function": {"name": name, "arguments": json.dumps(arguments)}} for name, arguments in calls]
        reason = "tool_calls" if called else "stop"
        message = {"role": "assistant", "content": text, **({"tool_calls": called} if called else {})}
        whole = {"id": f"chat_{next(counter)}", "created": 1, "model": request["model"],
                 "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}}
        if not request.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            return self.answer(200, {**whole, "object": "chat.completion", "choices": [choice]})
        delta = {**message, **({"tool_calls": [{"index": i, **c} for i, c in enumerate(called)]} if called else {})}
        chunk = {**whole, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta,
                                                                       "finish_reason": None}]}
        last = {**whole, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {},
                                                                      "finish_reason": reason}]}
        self.stream([chunk, last, "[DONE]"], named=False)

    def chat_call(self, tools, what, messages):
        # Some tools take absolute paths alone, and the agent tells its model where it works.
        place = re.search(r'(/[^\s"<>\\\\]*/tasks/\d+/work)', messages)
        if what == "@write":
            for name, arguments in {
                    "create": {"path": f"{place.group(1)}/{FILE}" if place else FILE, "file_text": TEXT}, "write_file": {"path": FILE, "content": TEXT},
                    "save": {"path": FILE, "content": TEXT}, "apply_patch": {"input": PATCH}}.items():
                if name in tools:
                    return name, arguments
        shell = next(name for name in ("bash", "shell", "terminal", "execute_bash", "ipython") if name in tools)
        line = command(what)
        parameters = tools[shell].get("parameters", {})
        required, properties = parameters.get("required") or ["command"], parameters.get("properties", {})
        arguments = {name: some_value(properties.get(name, {})) for name in required}
        arguments["command" if "command" in properties else required[0]] = line
        return shell, arguments

    # MCP, streamable HTTP

    def mcp(self, request):
        method, identity = request.get("method"), request.get("id")
        if identity is None:
            return self.answer(202, {})
        if method == "initialize":
            result = {"protocolVersion": request["params"]["protocolVersion"], "capabilities": {"tools": {}},
                      "serverInfo": {"name": "words", "version": "1"}}
        elif method == "tools/list":
            schema = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
            result = {"tools": [{"name": "lookup", "description": "Looks a word up.", "inputSchema": schema,
                                 "annotations": {"readOnlyHint": True}}]}
        elif method == "tools/call":
            word = request["params"]["arguments"]["word"]
            print("mcp", word, file=sys.stderr, flush=True)
            result = {"content": [{"type": "text", "text": f"{word}: a file system in user space"}]}
        else:
            return self.answer(200, {"jsonrpc": "2.0", "id": identity, "error": {"code": -32601, "message": "no"}})
        self.answer(200, {"jsonrpc": "2.0", "id": identity, "result": result})


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
